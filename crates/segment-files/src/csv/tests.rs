use proptest::prelude::*;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use super::*;
use crate::{charset::Charset, reading::Escape, row::MAX_ROW_BYTES};

/// What was read of a stream.
struct Counted<R>(R, Arc<AtomicUsize>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(out)?;
        self.1.fetch_add(n, Relaxed);
        Ok(n)
    }
}

/// Every row as `line: cell|cell` or `line: what is wrong`, then what refused the file, if anything did.
fn read(file: &[u8]) -> Vec<String> {
    rows_of(CsvRows::open(file, None, None, &["EMail"]))
}

fn rows_of(rows: Result<CsvRows<'_>, SourceError>) -> Vec<String> {
    let mut rows = match rows {
        Ok(rows) => rows,
        Err(error) => return vec![error.to_string()],
    };
    let (mut seen, mut row) = (Vec::new(), Row::default());
    loop {
        match rows.next(&mut row) {
            Ok(None) => return seen,
            Ok(Some(Ok(()))) => {
                seen.push(format!("{}: {}", row.line(), row.cells().collect::<Vec<_>>().join("|")));
            }
            Ok(Some(Err(bad))) => seen.push(format!("{}: {bad}", row.line())),
            Err(error) => {
                seen.push(error.to_string());
                return seen;
            }
        }
    }
}

#[test]
fn rows_are_those_of_rfc_4180() {
    let file =
        "\u{feff}EMail,Name\r\na@b.co,\"Smith, \"\"Al\"\"\"\r\n\r\nb@b.co,\"two\nlines\"\r\nc@b.co,田中";
    assert_eq!(read(file.as_bytes()), ["2: a@b.co|Smith, \"Al\"", "4: b@b.co|two\nlines", "6: c@b.co|田中"]);
}

#[test]
fn a_file_without_a_header_has_the_columns_that_are_known() {
    let columns = ["EMail".to_owned(), "Name".to_owned()];
    for (file, expected) in [
        ("a@b.co,Al\nb@b.co,\"x\ny\"\nc@b.co,Cy", vec!["1: a@b.co|Al", "2: b@b.co|x\ny", "4: c@b.co|Cy"]),
        ("a@b.co,Al\r\nb@b.co,Bo\r\n", vec!["1: a@b.co|Al", "2: b@b.co|Bo"]),
        ("EMail,Name\r\na@b.co,Al\r\n", vec!["2: a@b.co|Al"]),
        ("a@b.co\n", vec!["1: bad"]),
        ("", vec![]),
        ("EMail,Name", vec![]),
    ] {
        let mut rows =
            CsvRows::open(file.as_bytes(), Some(Delimiter::COMMA), Some(&columns), &["EMail"]).unwrap();
        assert_eq!(rows.header().names(), columns);
        let (mut seen, mut row) = (Vec::new(), Row::default());
        while let Some(read) = rows.next(&mut row).unwrap() {
            let cells = read.map_or("bad".to_owned(), |()| row.cells().collect::<Vec<_>>().join("|"));
            seen.push(format!("{}: {cells}", row.line()));
        }
        assert_eq!(seen, expected, "{file:?}");
    }
}

#[test]
fn a_row_that_cannot_be_read_is_named_and_the_others_go_on() {
    let file = b"EMail,Name\na@b.co\nb@b.co,x,y\nc\0@b.co,x\ne@b.co,ok\n";
    assert_eq!(
        read(file),
        [
            "2: the row has 1 cells where the header has 2",
            "3: the row has 3 cells where the header has 2",
            "4: the row holds a NUL byte",
            "5: e@b.co|ok",
        ]
    );
}

/// The same, of a file that is declared to be UTF-8.
fn read_utf8(file: &[u8]) -> Vec<String> {
    let reading = Reading { encoding: Some(Charset::UTF_8), ..Reading::default() };
    rows_of(Text::open(Box::new(file), &reading).and_then(|text| CsvRows::read(text, &reading, &["EMail"])))
}

#[test]
fn where_utf8_is_declared_only_the_rows_that_are_not_are_invalid() {
    assert_eq!(
        read_utf8(b"EMail,Name\na@b.co,\xff\xfe\nb@b.co,ok\nc\xe3,\x81\x82d\n"),
        ["2: the row is not UTF-8 text", "3: b@b.co|ok", "4: the row is not UTF-8 text"]
    );
}

#[test]
fn where_nothing_is_declared_a_row_that_is_not_utf8_refuses_the_file() {
    // Further into the file than detection looks.
    let mut file = "EMail,Name\na@b.co,Zoë\n".repeat(100_000).into_bytes();
    file.extend(b"b@b.co,Jos\xe9\n");
    assert_eq!(
        read(&file).last().unwrap(),
        "line 200001: not UTF-8, which the lines before it are; it looks like windows-1252. If all of the file is, \
         say `encoding = \"windows-1252\"` under [source]; else write the file again, or say `encoding = \"utf-8\"`: \
         such rows alone are invalid then"
    );
    assert_eq!(read_utf8(&file).last().unwrap(), "200001: the row is not UTF-8 text");
}

#[test]
fn a_file_without_a_header_has_the_columns_that_are_declared() {
    let columns = ["EMail", "Name"].map(str::to_owned).to_vec();
    let read = |file: &'static str| {
        let reading = Reading { columns: Some(columns.clone()), ..Reading::default() };
        rows_of(
            Text::open(Box::new(file.as_bytes()), &reading)
                .and_then(|text| CsvRows::read(text, &reading, &["EMail"])),
        )
    };
    assert_eq!(read("a@b.co|Ada\r\nb@b.co|\\N\r\n"), ["1: a@b.co|Ada", "2: b@b.co|"]);
    assert_eq!(
        read("a@b.co,Ada,1\nb@b.co,Bo\n"),
        ["1: the row has 3 cells where the header has 2", "2: b@b.co|Bo"]
    );
    assert_eq!(read("EMail,Name\na@b.co,Ada\n"), ["2: a@b.co|Ada"], "a header that is there is no person");
    assert_eq!(read(""), [] as [&str; 0]);
}

#[test]
fn a_first_line_for_excel_says_the_delimiter_and_is_no_row() {
    for (file, rows) in [
        ("sep=;\r\na;b,c\r\n1;2\r\n", ["2: a|b,c", "3: 1|2"]),
        ("SEP=|\na|b,c\n1|2\n", ["2: a|b,c", "3: 1|2"]),
    ] {
        let mut reader = CsvRows::open(file.as_bytes(), None, None, &[]).unwrap();
        let header = format!("2: {}", reader.header().names().join("|"));
        let mut row = Row::default();
        reader.next(&mut row).unwrap().unwrap().unwrap();
        let first = format!("{}: {}", row.line(), row.cells().collect::<Vec<_>>().join("|"));
        assert_eq!([header.as_str(), &first], rows, "{file}");
        assert_eq!(reader.next(&mut row).unwrap(), None);
    }
    assert_eq!(read(b"sep=,x\n1,2\n")[0], "2: 1|2", "a column's name");
    let columns = ["a".to_owned(), "b".to_owned()];
    let known = CsvRows::open(&b"sep=;\n1;2\n"[..], None, Some(&columns), &[]);
    assert_eq!(rows_of(known).len(), 1);
}

#[test]
fn a_cell_that_means_no_value_is_empty() {
    assert_eq!(read(b"EMail,Name\na@b.co,\\N\nb@b.co,a\\N\n"), ["2: a@b.co|", "3: b@b.co|a\\N"]);
    let reading = Reading { nulls: vec!["NULL".to_owned(), "-".to_owned()], ..Reading::default() };
    let file = Box::new(&b"EMail,Name\na@b.co,NULL\nb@b.co,\\N\nc@b.co,-\nd@b.co,a-b\n"[..]);
    let rows = Text::open(file, &reading).and_then(|text| CsvRows::read(text, &reading, &["EMail"]));
    assert_eq!(rows_of(rows), ["2: a@b.co|", "3: b@b.co|\\N", "4: c@b.co|", "5: d@b.co|a-b"]);
}

#[test]
fn an_open_quote_refuses_the_file_where_it_was_opened() {
    let unclosed = "a quote opened in this row is never closed, so the rows after it cannot be told apart; \
                    close it, or double the quotes inside the value";
    assert_eq!(
        read(b"EMail,Name\na@b.co,x\nb@b.co,\"open\nc@b.co,y\n"),
        ["2: a@b.co|x".to_owned(), format!("line 3: {unclosed}")]
    );
    assert_eq!(read(b"EMail,Name\na@b.co,\"x\"\""), [format!("line 2: {unclosed}")]);
    assert_eq!(read(b"EMail,\"Name\na@b.co,x"), [format!("line 1: {unclosed}")]);
}

#[test]
fn an_empty_file_and_a_lone_header_differ() {
    assert_eq!(read(b""), ["the file is empty; a header line with the column names was expected"]);
    assert_eq!(
        read(b"\xef\xbb\xbf\n\n"),
        ["the file is empty; a header line with the column names was expected"]
    );
    assert_eq!(read(b"EMail,Name\n"), [] as [&str; 0]);
    assert_eq!(read(b"EMail,Name"), [] as [&str; 0]);
}

#[test]
fn a_row_without_end_is_refused_in_flat_memory() {
    // 100 MB after the header, made on the fly: nothing here or there holds it.
    let file = io::Cursor::new(b"EMail,Name\na@b.co,x\n".to_vec()).chain(io::repeat(b'y').take(100 << 20));
    let fed = Arc::new(AtomicUsize::new(0));
    let mut rows = CsvRows::open(Counted(file, fed.clone()), None, None, &["EMail"]).unwrap();
    let mut row = Row::default();
    assert!(matches!(rows.next(&mut row), Ok(Some(Ok(())))));
    assert!(matches!(rows.next(&mut row), Err(SourceError::RowTooLong { line: 3 })));
    let fed = fed.load(Relaxed);
    assert!(fed <= 4 * MAX_ROW_BYTES, "{fed} bytes were taken before the refusal");
}

proptest! {
    #[test]
    fn what_a_writer_wrote_is_read_back(
        rows in prop::collection::vec(prop::collection::vec("[^\0\u{1b}]{0,12}", 3), 0..20),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        crlf in any::<bool>(),
    ) {
        let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).terminator(end).from_writer(Vec::new());
        writer.write_record(["EMail", "b", "c"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let mut read = CsvRows::open(file.as_slice(), Delimiter::try_from(char::from(delimiter).to_string()).ok(), None, &[]).unwrap();
        let (mut back, mut row) = (Vec::new(), Row::default());
        while let Some(result) = read.next(&mut row).unwrap() {
            prop_assert_eq!(result, Ok(()));
            back.push(row.cells().map(str::to_owned).collect::<Vec<_>>());
        }
        prop_assert_eq!(back, rows);
    }

    #[test]
    fn no_bytes_make_it_panic(file in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&file);
    }
}

/// The rows of a file in which a backslash keeps what follows it.
fn read_escaped(file: &'static [u8]) -> Vec<String> {
    let reading = Reading { escape: Some(Escape::Backslash), ..Reading::default() };
    rows_of(Text::open(Box::new(file), &reading).and_then(|text| CsvRows::read(text, &reading, &["EMail"])))
}

#[test]
fn a_backslash_keeps_what_follows_it_where_the_export_says_so() {
    // As Spark writes it: quotes where they are needed, and backslashes within them alone.
    let spark = b"EMail,Name\na@b.co,\"Smith, \\\"Al\\\"\"\nb@b.co,\"two\nlines \\\\ \\\"\"\nc@b.co,C:\\dir\nd@b.co,\"\"\n";
    assert_eq!(
        read_escaped(spark),
        [r#"2: a@b.co|Smith, "Al""#, "3: b@b.co|two\nlines \\ \"", r"5: c@b.co|C:\dir", "6: d@b.co|"]
    );
    // As Redshift, MySQL and Snowflake write it: without quotes.
    let redshift = b"EMail|Name\na@b.co|Smith\\|Al\\\\\nb@b.co|two\\\nlines\nc@b.co|\\N\nd@b.co|say \"no\"\n";
    assert_eq!(
        read_escaped(redshift),
        [r"2: a@b.co|Smith|Al\", "3: b@b.co|two\nlines", "5: c@b.co|", r#"6: d@b.co|say "no""#]
    );
    assert_eq!(read_escaped(b"EMail,Name\na@b.co,\"x\\\"\n")[0].split(':').next().unwrap(), "line 2");
}

#[test]
fn backslashes_that_nobody_declared_are_told_and_no_row_is_misread() {
    let refused = "a backslash stands before a quote inside a value, as Spark, MySQL and others write it; say \
                   `escape = \"\\\\\"` under [csv], or have the quotes doubled: in Spark by `.option(\"escape\", \"\\\"\")`";
    assert_eq!(
        read(b"EMail,Name\na@b.co,x\nb@b.co,\"say \\\"no\\\" x\"\nc@b.co,x\n"),
        ["2: a@b.co|x".to_owned(), format!("line 3: {refused}")]
    );
    assert_eq!(read(b"EMail,Name\na@b.co,\"no \\\"\"\n"), [format!("line 2: {refused}")]);
    assert_eq!(
        read(b"EMail|Name\na@b.co|Smith\\|Al\nb@b.co|x|y\nc@b.co|C:\\\nd@b\\\n.co|x\n")[..3],
        [
            "2: the row has 3 cells where the header has 2, and a backslash stands before a delimiter or a line \
             break; if that is to keep it in its cell, say `escape = \"\\\\\"` under [csv]",
            "3: the row has 3 cells where the header has 2",
            "4: c@b.co|C:\\",
        ]
    );
}

#[test]
fn text_behind_a_closing_quote_makes_a_row_invalid() {
    let after = "text stands between a closing quote and the delimiter, so that it is not clear where the cell ends; \
                 double the quotes inside the value";
    assert_eq!(
        read(b"EMail,Name\na@b.co,\"Al\" Smith\nb@b.co,\"Bo\" \nc@b.co,5\" pipe\n"),
        [format!("2: {after}"), "3: b@b.co|Bo ".to_owned(), "4: c@b.co|5\" pipe".to_owned()]
    );
    assert_eq!(read(b"\"EMail\"x,Name\na@b.co,x\n"), [format!("line 1: {after}")]);
}

#[test]
fn rows_that_became_part_of_a_value_refuse_the_file() {
    let lines = "a quote opened in this row is closed in a later line, and text stands behind it, so that rows may have \
                 become part of a value; close it where the value ends, or double the quotes inside the value";
    // A quote that was opened by mistake, and closed by the next one in the file.
    assert_eq!(
        read(b"EMail,Name\na@b.co,x\nb@b.co,\"Bo\nc@b.co,Cy\nd@b.co,\"Di\"\ne@b.co,x\n"),
        ["2: a@b.co|x".to_owned(), format!("line 3: {lines}")]
    );
    assert_eq!(
        read(b"EMail,Name\r\nb@b.co,\"Bo\" x,\"\r\nc@b.co,\"x\"\r\n"),
        [format!("line 2: {lines}")],
        "the flaw before the lines"
    );
    assert_eq!(read(b"EMail,\"Na\nme\" x\na@b.co,x\n"), [format!("line 1: {lines}")]);
}

#[test]
fn a_return_alone_is_part_of_a_cell_unless_it_ends_the_first_line() {
    // As pandas writes a return, without quotes.
    let file =
        b"EMail,Name\n\r\na@b.co,x\ry\nb@b.co,\"x\r\"\nc@b.co,x\r\n\r\n\n\"d@b.co\",\"x\"\r\ne@b.co,\r";
    assert_eq!(read(file), ["3: a@b.co|x\ry", "4: b@b.co|x\r", "5: c@b.co|x", "8: d@b.co|x", "9: e@b.co|"]);
    let rows = [
        "2: a@b.co|Al",
        "4: b@b.co|two\nlines",
        "6: c@b.co|x",
        "7: the row has 1 cells where the header has 2",
    ];
    for file in [
        "EMail,Name\ra@b.co,Al\r\rb@b.co,\"two\nlines\"\rc@b.co,x\rd@b.co\r",
        "\"EM\rail\",Name\ra@b.co,Al\r\rb@b.co,\"two\nlines\"\rc@b.co,x\rd@b.co",
        "EMail,Name\ra@b.co,Al\n\rb@b.co,\"two\nlines\"\r\nc@b.co,x\nd@b.co\r\n",
    ] {
        let added = u64::from(file.starts_with('"'));
        let rows = rows.map(|row| {
            let (line, rest) = row.split_once(':').unwrap();
            format!("{}:{rest}", line.parse::<u64>().unwrap() + added)
        });
        assert_eq!(read(file.as_bytes()), rows, "{file:?}");
    }
}

#[test]
fn a_header_behind_a_line_for_excel_is_passed_over_where_the_columns_are_declared() {
    let columns = ["EMail".to_owned(), "Name".to_owned()];
    let file = &b"sep=;\r\nEMail;Name\r\na@b.co;x\r\n"[..];
    assert_eq!(rows_of(CsvRows::open(file, None, Some(&columns), &["EMail"])), ["3: a@b.co|x"]);
}

#[test]
fn a_line_break_behind_a_backslash_is_told_where_it_stands_in_the_last_cell() {
    let broken_off = "a backslash stands before the line break, and no whole row follows it; if that is to keep it in its \
                      cell, as Redshift, MySQL and others write it, say `escape = \"\\\\\"` under [csv]";
    for file in [
        &b"EMail|Name\na@b.co|C:\\\nb@b.co|two\\\nlines\n"[..],
        b"EMail|Name\r\na@b.co|C:\\\r\nb@b.co|two\\\r\nlines",
    ] {
        assert_eq!(read(file), [r"2: a@b.co|C:\", r"3: b@b.co|two\", &format!("line 3: {broken_off}")]);
    }
    let ragged = "the row has 1 cells where the header has 2";
    for (file, rows) in [
        (&b"EMail,Name\na@b.co,\"C:\\\"\nragged\n"[..], [r"2: a@b.co|C:\", &format!("3: {ragged}")]),
        (b"EMail,Name\na@b.co,C:\\\\\nragged\n", [r"2: a@b.co|C:\\", &format!("3: {ragged}")]),
        (b"EMail,Name\na@b.co,C:\\\nb@b.co,x\\", [r"2: a@b.co|C:\", r"3: b@b.co|x\"]),
    ] {
        assert_eq!(read(file), rows);
    }
}
