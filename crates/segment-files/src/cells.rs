//! The cells of a row, in memory that the next row reuses.

/// Texts in one allocation, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
}

impl Cells {
    /// Takes the cells that a parser wrote. Returns them as an error if a cell is not UTF-8.
    pub(crate) fn from_parts(text: Vec<u8>, ends: Vec<usize>) -> Result<Self, (Vec<u8>, Vec<usize>)> {
        match String::from_utf8(text) {
            Ok(text) if ends.iter().all(|end| text.is_char_boundary(*end)) => Ok(Self { text, ends }),
            Ok(text) => Err((text.into_bytes(), ends)),
            Err(error) => Err((error.into_bytes(), ends)),
        }
    }

    /// Returns the memory, for a parser to overwrite.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Vec<usize>) {
        (self.text.into_bytes(), self.ends)
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    #[inline]
    pub(crate) fn get(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)?;
        let begin = match column.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(begin..end)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|column| self.get(column).unwrap_or_default())
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the text of all cells, without anything between them.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl<'a> FromIterator<&'a str> for Cells {
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
    fn a_cell_that_ends_within_a_character_is_not_utf8() {
        let cells = Cells::from_parts("aé".into(), vec![1, 3, 3]).unwrap();
        assert_eq!(cells.iter().collect::<Vec<_>>(), ["a", "é", ""]);
        assert_eq!((cells.get(2), cells.get(3)), (Some(""), None));
        // The two cells are UTF-8 together, but not each by itself.
        assert!(Cells::from_parts("aé".into(), vec![2, 3]).is_err());
        assert!(Cells::from_parts(vec![0xff], vec![1]).is_err());
    }
}
