//! A row's cells, in memory that the next row uses again.

/// Texts, one after the other in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct RowCells {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
}

impl RowCells {
    /// The cells that a parser wrote; what it wrote where that is not UTF-8, or a cell ends within a character.
    pub(super) fn from_parts(text: Vec<u8>, ends: Vec<usize>) -> Result<Self, (Vec<u8>, Vec<usize>)> {
        match String::from_utf8(text) {
            Ok(text) if ends.iter().all(|end| text.is_char_boundary(*end)) => Ok(Self { text, ends }),
            Ok(text) => Err((text.into_bytes(), ends)),
            Err(error) => Err((error.into_bytes(), ends)),
        }
    }

    /// The memory, for a parser to write to.
    pub(super) fn into_parts(self) -> (Vec<u8>, Vec<usize>) {
        (self.text.into_bytes(), self.ends)
    }

    /// Forgets every cell.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// A cell by its column.
    #[inline]
    pub(super) fn get(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)?;
        let begin = match column.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(begin..end)
    }

    /// Every cell.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|column| self.get(column).unwrap_or_default())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of all cells.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl<'a> FromIterator<&'a str> for RowCells {
    fn from_iter<I: IntoIterator<Item = &'a str>>(cells: I) -> Self {
        let mut all = Self::default();
        for cell in cells {
            all.push(cell);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_those_that_were_written_unless_one_ends_within_a_character() {
        let cells = RowCells::from_parts("aé".into(), vec![1, 3, 3]).unwrap();
        assert_eq!(cells.iter().collect::<Vec<_>>(), ["a", "é", ""]);
        assert_eq!((cells.get(2), cells.get(3)), (Some(""), None));
        // Together the two cells are UTF-8, and neither is alone.
        assert!(RowCells::from_parts("aé".into(), vec![2, 3]).is_err());
        assert!(RowCells::from_parts(vec![0xff], vec![1]).is_err());
    }
}
