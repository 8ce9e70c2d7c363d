//! Rows on a terminal: cells on the left and the contact on the right, or one below the other on a narrow terminal.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, TableComponent, presets};

use crate::app::{Fate, PreviewedRow};

/// The narrowest terminal that shows cells and contact side by side, in columns.
const SIDE_BY_SIDE: usize = 90;
/// The widest line, in columns: wider ones are hard to read.
const WIDEST: usize = 140;

/// Returns the rows as text for a terminal of this width, in columns.
pub(super) fn text(rows: &[PreviewedRow], width: usize, shows_values: bool) -> String {
    if rows.is_empty() {
        return "the file has no rows".to_owned();
    }
    let width = width.min(WIDEST);
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(text, "{}\n{}\n", head(row), body(row, width));
    }
    if !shows_values {
        text.push_str("values are masked; --show-values shows them\n");
    }
    text
}

fn head(row: &PreviewedRow) -> String {
    let fate = match row.fate {
        Fate::Sent => "sent",
        Fate::Invalid => "invalid, not sent",
        Fate::Duplicate => "duplicate, not sent",
        Fate::Filtered => "filtered, not sent",
    };
    let why = row.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let left_out = row.left_out.iter().fold(String::new(), |mut text, left_out| {
        let _ = write!(text, "\n  left out: {}: {}", left_out.field, left_out.why);
        text
    });
    format!("{}, line {}: {fate}{why}{left_out}", row.object, row.line)
}

fn body(row: &PreviewedRow, width: usize) -> String {
    let cells = row.cells.iter().map(|(column, cell)| [column.clone(), one_line(cell)]);
    let contact = row.contact.as_ref().and_then(|contact| serde_json::to_string_pretty(contact).ok());
    let left = |width: usize| {
        let mut table = table(width);
        table.add_rows(cells.clone());
        let unused = match row.unused_columns {
            0 => String::new(),
            1 => "\n (1 column is not mapped)".to_owned(),
            n => format!("\n ({n} columns are not mapped)"),
        };
        table.trim_fmt() + &unused
    };
    match contact {
        None => indented(&left(width.saturating_sub(2))),
        Some(contact) if width >= SIDE_BY_SIDE => {
            let mut both = table(width.saturating_sub(2));
            both.set_style(TableComponent::VerticalLines, '│');
            both.add_row([left(width / 2 - 4), contact]);
            indented(&both.trim_fmt())
        }
        Some(contact) => indented(&format!("{}\n{contact}", left(width.saturating_sub(2)))),
    }
}

fn table(width: usize) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {}", line.trim_end())).collect::<Vec<_>>().join("\n")
}

/// Returns the cell without control characters, which could move the cursor or start a new line.
fn one_line(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use unicode_width::UnicodeWidthStr as _;

    use super::*;
    use crate::app::LeftOut;

    fn rows() -> Vec<PreviewedRow> {
        let cells = |cells: &[(&str, &str)]| {
            cells.iter().map(|(column, cell)| ((*column).to_owned(), (*cell).to_owned())).collect()
        };
        let row = |line, fate, cells| PreviewedRow {
            object: "segments/vip/a.csv".to_owned(),
            line,
            fate,
            why: None,
            cells,
            unused_columns: 1,
            contact: None,
            left_out: Vec::new(),
        };
        vec![
            PreviewedRow {
                contact: Some(json!({
                    "identifiers": [{"type": "email", "id": "taro@example.jp", "sendWelcomeMessage": false}],
                    "firstName": "太郎",
                    "address": "東京都千代田区千代田一丁目一番一号の長い住所がここに続いていて折り返される",
                    "tags": ["segment: VIP"],
                })),
                left_out: vec![LeftOut { field: "birthdate".to_owned(), why: "not a date".to_owned() }],
                ..row(
                    2,
                    Fate::Sent,
                    cells(&[
                        ("メールアドレス", "taro@example.jp"),
                        ("名", "太郎"),
                        (
                            "住所",
                            "東京都千代田区千代田一丁目一番一号の長い住所がここに続いていて折り返される",
                        ),
                        ("生年月日", "昭和"),
                    ]),
                )
            },
            PreviewedRow {
                why: Some("the email cell is empty".to_owned()),
                ..row(3, Fate::Invalid, cells(&[("メールアドレス", ""), ("名", "花\u{1b}[31m子")]))
            },
        ]
    }

    #[test]
    fn a_wide_terminal_shows_rows_and_contacts_side_by_side() {
        insta::assert_snapshot!(text(&rows(), 110, true));
    }

    #[test]
    fn a_narrow_terminal_shows_contacts_below_rows() {
        insta::assert_snapshot!(text(&rows(), 60, false));
    }

    #[test]
    fn no_line_of_a_cell_is_wider_than_the_terminal() {
        for width in [40, 89, 90, 200] {
            let text = text(&rows(), width, true);
            // JSON below the cells is not wrapped, so that it can be copied.
            let is_json = |line: &str| width < SIDE_BY_SIDE && line.contains('"');
            for line in text.lines().filter(|line| line.starts_with("  ") && !is_json(line)) {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }
}
