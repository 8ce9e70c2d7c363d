//! Samples the first rows of a file.

use std::collections::{BTreeMap, HashMap};

use super::{
    cell,
    column::{Column, is_named_email},
    dates,
};
use crate::contact::clean;
use segment_files::{Header, ReadError, Row, Rows, UnreadableRow};

/// How many rows are sampled: enough to see every kind of date, few enough to read at once.
const MAX_ROWS: usize = 5_000;

/// How many rows may be above the header.
const ROWS_ABOVE: usize = 50;

/// Characters that some programs write between cells and that are not detected.
const UNDETECTED: [char; 10] = ['~', '^', '!', '#', '*', '&', '%', ':', '\u{1}', '\u{1f}'];

/// The sampled rows of a file, by column.
#[derive(Debug)]
pub(crate) struct Survey {
    /// In the order of the file.
    pub columns: Vec<Column>,
    /// The number of valid rows.
    pub rows: usize,
    /// The number of rows that cannot be read.
    pub bad_rows: usize,
    /// The line of the first such row, and what is wrong with it.
    pub first_bad: Option<(u64, UnreadableRow)>,
    /// Whether the sample is the whole file.
    pub is_whole: bool,
    /// The line that seems to be the header, if it is not the first one.
    pub later_header: Option<u64>,
}

impl Survey {
    /// Samples the first rows. The first run finds problems further on.
    pub(crate) fn read(rows: &mut dyn Rows) -> Result<Self, ReadError> {
        let mut columns = columns(rows.header());
        let mut survey = Self {
            columns: Vec::new(),
            rows: 0,
            bad_rows: 0,
            first_bad: None,
            is_whole: false,
            later_header: None,
        };
        let may_be_below =
            rows.has_header_line() && !rows.header().names().iter().any(|name| is_named_email(name));
        let mut row = Row::default();
        while survey.rows + survey.bad_rows < MAX_ROWS {
            let next = rows.next(&mut row)?;
            if may_be_below
                && survey.later_header.is_none()
                && survey.rows + survey.bad_rows < ROWS_ABOVE
                && matches!(next, Some(Ok(()) | Err(UnreadableRow::Ragged { .. })))
                && is_header(&row)
            {
                survey.later_header = Some(row.line());
            }
            match next {
                None => {
                    survey.is_whole = true;
                    break;
                }
                Some(Err(bad)) => {
                    survey.bad_rows += 1;
                    survey.first_bad.get_or_insert((row.line(), bad));
                }
                Some(Ok(())) => {
                    survey.rows += 1;
                    for column in &mut columns {
                        if let Some(list) = row.list(column.at).filter(|list| !list.is_empty()) {
                            column.push_list(list);
                        } else {
                            column.push(&clean(row.cell(column.at)));
                            column.typed_numbers += usize::from(row.is_number(column.at));
                        }
                    }
                }
            }
        }
        columns.iter_mut().for_each(Column::finish);
        let day_first = dates::day_first(&columns);
        for column in &mut columns {
            column.day_first = day_first;
        }
        survey.columns = columns;
        Ok(survey)
    }

    /// The names that several columns have, and the positions of these, counted from 1.
    pub(crate) fn repeated(&self) -> Vec<(&Column, Vec<usize>)> {
        let mut positions: BTreeMap<&str, (&Column, Vec<usize>)> = BTreeMap::new();
        for column in self.columns.iter().filter(|column| column.is_repeated && !column.name.is_empty()) {
            positions.entry(&column.name).or_insert((column, Vec::new())).1.push(column.at + 1);
        }
        let mut repeated: Vec<_> = positions.into_values().collect();
        repeated.sort_by_key(|(first, _)| first.at);
        repeated
    }

    /// Returns the character that separates the cells of a file that was read as one column: it is in the header and,
    /// as often, in every row.
    pub(crate) fn undetected_delimiter(&self) -> Option<char> {
        let [column] = self.columns.as_slice() else { return None };
        let count = |text: &str, delimiter| text.chars().filter(|c| *c == delimiter).count();
        UNDETECTED.into_iter().find(|delimiter| {
            let in_header = count(&column.name, *delimiter);
            in_header > 0
                && !column.is_empty()
                && column.cells.iter().all(|cell| count(cell, *delimiter) == in_header)
        })
    }

    /// Whether a header seems to be a row of data.
    pub(crate) fn header_is_data(header: &Header) -> bool {
        let filled = header.names().iter().filter(|name| !name.is_empty());
        filled.clone().any(|name| cell::is_email(name))
            || (filled.clone().count() > 1
                && filled.clone().filter(|name| cell::is_value(name)).count() * 2 > filled.count())
    }
}

/// Whether a row seems to be the header: it names a column of addresses, and has no empty cell and no value.
fn is_header(row: &Row) -> bool {
    row.cells().map(str::trim).all(|cell| !cell.is_empty() && !cell::is_value(cell) && !cell::is_phone(cell))
        && row.cells().any(is_named_email)
}

fn columns(header: &Header) -> Vec<Column> {
    let names = header.names();
    let mut times: HashMap<&str, usize> = HashMap::new();
    for name in names {
        *times.entry(name).or_default() += 1;
    }
    let is_repeated = |name: &str| times.get(name).is_some_and(|times| *times > 1);
    (0..)
        .zip(names)
        .map(|(at, name)| Column {
            at,
            name: name.clone(),
            is_repeated: is_repeated(name),
            ..Column::default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use segment_files::{self, ReadOptions};

    fn survey(file: &str) -> Survey {
        let file = bytes::Bytes::from(file.to_owned());
        Survey::read(&mut *segment_files::open(&file, &ReadOptions::default(), &[]).unwrap()).unwrap()
    }

    #[test]
    fn keeps_cells_by_column_and_counts_bad_rows() {
        let survey = survey("EMail;Name;Name;\na@b.co; Ada ;;x\nonly one\nb@b.co;;;\n");
        assert_eq!((survey.rows, survey.bad_rows, survey.is_whole), (2, 1, true));
        let names: Vec<_> = survey.columns.iter().map(|c| (c.name.as_str(), c.is_mappable())).collect();
        assert_eq!(names, [("EMail", true), ("Name", false), ("Name", false), ("", false)]);
        assert_eq!(survey.columns[0].cells, ["a@b.co", "b@b.co"]);
        assert_eq!(survey.columns[1].cells, ["Ada"]);
        assert_eq!(survey.columns[1].percent_filled(), 50);
    }

    #[test]
    fn finds_a_header_below_other_lines() {
        for (file, line) in [
            ("Report: VIP customers\n\nEmail,First Name,Tier\na@b.co,Ann,gold\n", Some(3)),
            ("# written by x; y\nE-Mail;Vorname\na@b.co;Ann\n", Some(2)),
            ("VIP,,\nEmail,First Name,Tier\na@b.co,Ann,gold\n", Some(2)),
            ("Email,First Name\nEmail,Ann\n", None),
            ("Contact,Channel\na@b.co,Email\n", None),
            ("Contact,Channel\n,Email\n", None),
            ("{\"type\": \"Email\"}\n", None),
        ] {
            assert_eq!(survey(file).later_header, line, "{file}");
        }
    }

    #[test]
    fn names_repeated_columns() {
        let survey = survey("Email,Name,Name,,,Email\na@b.co,x,y,,,z\n");
        let repeated: Vec<_> = survey.repeated().into_iter().map(|(c, at)| (c.name.as_str(), at)).collect();
        assert_eq!(repeated, [("Email", vec![1, 6]), ("Name", vec![2, 3])]);
    }

    #[test]
    fn masks_a_name_that_is_data() {
        let shown = |name: &str| Column::of(name, &[]).shown_name();
        assert_eq!(shown("First\u{a0}Name"), "First\\u{a0}Name");
        for name in ["ada@example.com", "+44 20 7946 0958", "1990-02-28", "12,50", "<ada@example.com>"] {
            assert_ne!(shown(name), name);
        }
    }

    #[test]
    fn a_binary_column_cannot_be_mapped() {
        let mut column = Column::of("Token", &["ab", "a\0b"]);
        assert!(column.is_binary && !column.is_mappable());
        column.is_binary = false;
        assert!(column.is_mappable());

        for (cells, is_binary) in [(["\u{fffd}", "", "\u{fffd}"], true), (["\u{fffd}", "Ada", "Bo"], false)] {
            let mut column = Column::of("Token", &cells);
            column.finish();
            assert_eq!(column.is_binary, is_binary, "{cells:?}");
        }
    }

    #[test]
    fn replaces_lists_of_one_address_with_the_address() {
        let survey = survey(
            "{\"to\": [\"a@b.co\"], \"tags\": [\"x\"], \"all\": [\"a@b.co\", \"c@d.co\"]}\n\
             {\"to\": [], \"tags\": [\"y\"], \"all\": [\"a@b.co\"]}\n",
        );
        let of = |at: usize| (survey.columns[at].cells.clone(), survey.columns[at].lists);
        let named = |name: &str| survey.columns.iter().position(|column| column.name == name).unwrap();
        assert_eq!(of(named("to")), (vec!["a@b.co".to_owned()], 0));
        assert_eq!(of(named("tags")), (vec![], 2));
        assert_eq!(of(named("all")), (vec![], 2));
    }

    #[test]
    fn stops_after_the_sample() {
        let survey = survey(&("a,b\n".to_owned() + &"1,2\n".repeat(MAX_ROWS + 1)));
        assert_eq!((survey.rows, survey.is_whole), (MAX_ROWS, false));
    }

    #[test]
    fn finds_a_delimiter_that_is_not_detected() {
        for (file, delimiter) in [
            ("Email~First Name~Last Name\np0@example.com~Ann~Bell\np1@example.com~Ann~Bell\n", Some('~')),
            ("First Name^Email\nAnn^p0@example.com\n", Some('^')),
            ("Email\u{1}City\np0@example.com\u{1}Rome\n", Some('\u{1}')),
            ("Email\np0~1@example.com\n", None),
            ("Email!\np0@example.com\n", None),
            ("Email~City,Name\na~b,c\n", None),
        ] {
            assert_eq!(survey(file).undetected_delimiter(), delimiter, "{file}");
        }
    }

    #[test]
    fn recognises_a_header_that_is_data() {
        for (header, is_data) in [
            (&["email", "first_name"][..], false),
            (&["ada@example.com", "Ada"], true),
            (&["1001", "2024-05-06", "12.50", "x"], true),
            (&["2023", "2024", "Name", "City"], false),
            (&["1"], false),
            (&[], false),
        ] {
            assert_eq!(Survey::header_is_data(&Header::new(header.iter().copied())), is_data, "{header:?}");
        }
    }
}
