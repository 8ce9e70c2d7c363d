use proptest::prelude::*;

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use super::*;
use crate::{charset::Charset, delimiter::Delimiter, options::Escape, row::MAX_ROW_BYTES};

/// Counts the bytes that are read from a stream.
struct Counted<R>(R, Arc<AtomicUsize>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(out)?;
        self.1.fetch_add(n, Relaxed);
        Ok(n)
    }
}

/// Returns every row as `line: cell|cell` or `line: error`, then the error of the file.
fn read(file: &[u8]) -> Vec<String> {
    rows_of(open(file, &ReadOptions::default(), &["EMail"]))
}

fn open(file: &[u8], options: &ReadOptions, wanted: &[&str]) -> Result<CsvRows, ReadError> {
    open_stream(io::Cursor::new(file.to_vec()), options, wanted)
}

fn open_stream(
    stream: impl Read + Send + 'static,
    options: &ReadOptions,
    wanted: &[&str],
) -> Result<CsvRows, ReadError> {
    CsvRows::open(Text::open(Box::new(stream), options)?, options, wanted)
}

fn with_columns(names: [&str; 2]) -> ReadOptions {
    ReadOptions { columns: Some(names.map(str::to_owned).to_vec()), ..ReadOptions::default() }
}

fn rows_of(rows: Result<CsvRows, ReadError>) -> Vec<String> {
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
fn reads_rfc_4180() {
    let file =
        "\u{feff}EMail,Name\r\na@b.co,\"Smith, \"\"Al\"\"\"\r\n\r\nb@b.co,\"two\nlines\"\r\nc@b.co,田中";
    assert_eq!(read(file.as_bytes()), ["2: a@b.co|Smith, \"Al\"", "4: b@b.co|two\nlines", "6: c@b.co|田中"]);
}

#[test]
fn reads_a_file_without_a_header() {
    let options = ReadOptions { delimiter: Some(Delimiter::COMMA), ..with_columns(["EMail", "Name"]) };
    for (file, expected) in [
        ("a@b.co,Al\nb@b.co,\"x\ny\"\nc@b.co,Cy", vec!["1: a@b.co|Al", "2: b@b.co|x\ny", "4: c@b.co|Cy"]),
        ("a@b.co,Al\r\nb@b.co,Bo\r\n", vec!["1: a@b.co|Al", "2: b@b.co|Bo"]),
        ("EMail,Name\r\na@b.co,Al\r\n", vec!["2: a@b.co|Al"]),
        ("a@b.co\n", vec!["1: bad"]),
        ("", vec![]),
        ("EMail,Name", vec![]),
    ] {
        let mut rows = open(file.as_bytes(), &options, &["EMail"]).unwrap();
        assert_eq!(rows.header().names(), ["EMail", "Name"]);
        let (mut seen, mut row) = (Vec::new(), Row::default());
        while let Some(read) = rows.next(&mut row).unwrap() {
            let cells = read.map_or("bad".to_owned(), |()| row.cells().collect::<Vec<_>>().join("|"));
            seen.push(format!("{}: {cells}", row.line()));
        }
        assert_eq!(seen, expected, "{file:?}");
    }
}

#[test]
fn an_invalid_row_has_its_line_and_reading_continues() {
    let file = b"EMail,Name\na@b.co\nb@b.co,x,y\nc\0@b.co,x\ne@b.co,ok\n";
    assert_eq!(
        read(file),
        [
            "2: the row has 1 cell, but the header has 2",
            "3: the row has 3 cells, but the header has 2",
            "4: the row has a NUL byte",
            "5: e@b.co|ok",
        ]
    );
}

/// Reads a file that is declared to be UTF-8.
fn read_utf8(file: &[u8]) -> Vec<String> {
    let options = ReadOptions { encoding: Some(Charset::UTF_8), ..ReadOptions::default() };
    rows_of(open(file, &options, &["EMail"]))
}

#[test]
fn rows_that_are_not_utf8_are_invalid_if_utf8_is_declared() {
    assert_eq!(
        read_utf8(b"EMail,Name\na@b.co,\xff\xfe\nb@b.co,ok\nc\xe3,\x81\x82d\n"),
        ["2: the row is not UTF-8 text", "3: b@b.co|ok", "4: the row is not UTF-8 text"]
    );
}

#[test]
fn a_row_that_is_not_utf8_refuses_the_file_if_utf8_was_detected() {
    // The row is after the sample.
    let mut file = "EMail,Name\na@b.co,Zoë\n".repeat(100_000).into_bytes();
    file.extend(b"b@b.co,Jos\xe9\n");
    assert_eq!(
        read(&file).last().unwrap(),
        "line 200001: not UTF-8, unlike the lines before it, and looks like windows-1252; if the whole file is, set \
         `encoding = \"windows-1252\"`, else write the file again, or set `encoding = \"utf-8\"` to reject only such rows"
    );
    assert_eq!(read_utf8(&file).last().unwrap(), "200001: the row is not UTF-8 text");
}

#[test]
fn detects_the_delimiter_of_a_file_without_a_header() {
    let read = |file: &str| {
        let options = with_columns(["EMail", "Name"]);
        rows_of(open(file.as_bytes(), &options, &["EMail"]))
    };
    assert_eq!(read("a@b.co|Ada\r\nb@b.co|\\N\r\n"), ["1: a@b.co|Ada", "2: b@b.co|"]);
    assert_eq!(
        read("a@b.co,Ada,1\nb@b.co,Bo\n"),
        ["1: the row has 3 cells, but the header has 2", "2: b@b.co|Bo"]
    );
    assert_eq!(read("EMail,Name\na@b.co,Ada\n"), ["2: a@b.co|Ada"], "a header is skipped");
    assert_eq!(read(""), [] as [&str; 0]);
}

#[test]
fn a_first_line_for_excel_sets_the_delimiter() {
    for (file, rows) in [
        ("sep=;\r\na;b,c\r\n1;2\r\n", ["2: a|b,c", "3: 1|2"]),
        ("SEP=|\na|b,c\n1|2\n", ["2: a|b,c", "3: 1|2"]),
        ("\"sep=;\"\r\na;b,c\r\n1;2\r\n", ["2: a|b,c", "3: 1|2"]),
    ] {
        let mut reader = open(file.as_bytes(), &ReadOptions::default(), &[]).unwrap();
        let header = format!("2: {}", reader.header().names().join("|"));
        let mut row = Row::default();
        reader.next(&mut row).unwrap().unwrap().unwrap();
        let first = format!("{}: {}", row.line(), row.cells().collect::<Vec<_>>().join("|"));
        assert_eq!([header.as_str(), &first], rows, "{file}");
        assert_eq!(reader.next(&mut row).unwrap(), None);
    }
    assert_eq!(read(b"sep=,x\n1,2\n")[0], "2: 1|2", "this is the name of a column");
    let options = with_columns(["a", "b"]);
    assert_eq!(rows_of(open(b"sep=;\n1;2\n", &options, &[])).len(), 1);
}

#[test]
fn null_texts_are_empty_cells() {
    assert_eq!(read(b"EMail,Name\na@b.co,\\N\nb@b.co,a\\N\n"), ["2: a@b.co|", "3: b@b.co|a\\N"]);
    let options = ReadOptions { nulls: vec!["NULL".to_owned(), "-".to_owned()], ..ReadOptions::default() };
    let file = b"EMail,Name\na@b.co,NULL\nb@b.co,\\N\nc@b.co,-\nd@b.co,a-b\n";
    assert_eq!(
        rows_of(open(file, &options, &["EMail"])),
        ["2: a@b.co|", "3: b@b.co|\\N", "4: c@b.co|", "5: d@b.co|a-b"]
    );
}

#[test]
fn reports_the_line_of_an_unclosed_quote() {
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
fn a_file_with_only_a_header_is_not_empty() {
    assert_eq!(read(b""), ["the file is empty; a header line with the column names was expected"]);
    assert_eq!(
        read(b"\xef\xbb\xbf\n\n"),
        ["the file is empty; a header line with the column names was expected"]
    );
    assert_eq!(read(b"EMail,Name\n"), [] as [&str; 0]);
    assert_eq!(read(b"EMail,Name"), [] as [&str; 0]);
}

#[test]
fn rejects_an_endless_row_before_reading_much_more() {
    // 100 MB after the header, which are never in memory.
    let file = io::Cursor::new(b"EMail,Name\na@b.co,x\n".to_vec()).chain(io::repeat(b'y').take(100 << 20));
    let fed = Arc::new(AtomicUsize::new(0));
    let mut rows = open_stream(Counted(file, fed.clone()), &ReadOptions::default(), &["EMail"]).unwrap();
    let mut row = Row::default();
    assert!(matches!(rows.next(&mut row), Ok(Some(Ok(())))));
    assert!(matches!(rows.next(&mut row), Err(ReadError::Line { line: 3, defect: Defect::RowTooLong })));
    let fed = fed.load(Relaxed);
    assert!(fed <= 4 * MAX_ROW_BYTES, "{fed} bytes were read");
}

proptest! {
    #[test]
    fn reads_what_a_writer_wrote(
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
        let delimiter = Delimiter::try_from(char::from(delimiter).to_string()).ok();
        let mut read = open(&file, &ReadOptions { delimiter, ..ReadOptions::default() }, &[]).unwrap();
        let (mut back, mut row) = (Vec::new(), Row::default());
        while let Some(result) = read.next(&mut row).unwrap() {
            prop_assert_eq!(result, Ok(()));
            back.push(row.cells().map(str::to_owned).collect::<Vec<_>>());
        }
        prop_assert_eq!(back, rows);
    }

    #[test]
    fn never_panics(file in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&file);
    }
}

/// Reads a file with backslash escapes.
fn read_escaped(file: &[u8]) -> Vec<String> {
    let options = ReadOptions { escape: Some(Escape::Backslash), ..ReadOptions::default() };
    rows_of(open(file, &options, &["EMail"]))
}

#[test]
fn a_declared_backslash_escapes_the_next_character() {
    // As Spark writes it: quotes if they are needed, and backslashes only inside them.
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
fn reports_backslashes_that_are_not_declared() {
    let refused = "a backslash precedes a quote inside a value, as Spark, MySQL and others write it; set \
                   `escape = \"\\\\\"`, or double the quotes (in Spark: `.option(\"escape\", \"\\\"\")`)";
    assert_eq!(
        read(b"EMail,Name\na@b.co,x\nb@b.co,\"say \\\"no\\\" x\"\nc@b.co,x\n"),
        ["2: a@b.co|x".to_owned(), format!("line 3: {refused}")]
    );
    assert_eq!(read(b"EMail,Name\na@b.co,\"no \\\"\"\n"), [format!("line 2: {refused}")]);
    assert_eq!(
        read(b"EMail|Name\na@b.co|Smith\\|Al\nb@b.co|x|y\nc@b.co|C:\\\nd@b\\\n.co|x\n")[..3],
        [
            "2: the row has 3 cells, but the header has 2, and a backslash precedes a delimiter or a line break; if \
             that belongs to the cell, set `escape = \"\\\\\"`",
            "3: the row has 3 cells, but the header has 2",
            "4: c@b.co|C:\\",
        ]
    );
}

#[test]
fn text_after_a_closing_quote_is_an_invalid_row() {
    let after = "text follows a closing quote, so it is not clear where the cell ends; double the quotes inside the value";
    assert_eq!(
        read(b"EMail,Name\na@b.co,\"Al\" Smith\nb@b.co,\"Bo\" \nc@b.co,5\" pipe\n"),
        [format!("2: {after}"), "3: b@b.co|Bo ".to_owned(), "4: c@b.co|5\" pipe".to_owned()]
    );
    assert_eq!(read(b"\"EMail\"x,Name\na@b.co,x\n"), [format!("line 1: {after}")]);
}

#[test]
fn rejects_a_file_whose_rows_may_be_part_of_a_value() {
    let lines = "a quote opened in this row is closed in a later line and followed by text, so rows may have become \
                 part of a value; close it where the value ends, or double the quotes inside the value";
    // A quote is opened by mistake, and closed by the next one in the file.
    assert_eq!(
        read(b"EMail,Name\na@b.co,x\nb@b.co,\"Bo\nc@b.co,Cy\nd@b.co,\"Di\"\ne@b.co,x\n"),
        ["2: a@b.co|x".to_owned(), format!("line 3: {lines}")]
    );
    assert_eq!(
        read(b"EMail,Name\r\nb@b.co,\"Bo\" x,\"\r\nc@b.co,\"x\"\r\n"),
        [format!("line 2: {lines}")],
        "the text is before the line break"
    );
    assert_eq!(read(b"EMail,\"Na\nme\" x\na@b.co,x\n"), [format!("line 1: {lines}")]);
}

#[test]
fn a_lone_cr_is_part_of_a_cell_unless_it_ends_the_first_line() {
    // Pandas writes a CR without quotes.
    let file =
        b"EMail,Name\n\r\na@b.co,x\ry\nb@b.co,\"x\r\"\nc@b.co,x\r\n\r\n\n\"d@b.co\",\"x\"\r\ne@b.co,\r";
    assert_eq!(read(file), ["3: a@b.co|x\ry", "4: b@b.co|x\r", "5: c@b.co|x", "8: d@b.co|x", "9: e@b.co|"]);
    let rows = [
        "2: a@b.co|Al",
        "4: b@b.co|two\nlines",
        "6: c@b.co|x",
        "7: the row has 1 cell, but the header has 2",
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
fn skips_a_header_after_a_line_for_excel_if_the_columns_are_declared() {
    let options = with_columns(["EMail", "Name"]);
    let file = b"sep=;\r\nEMail;Name\r\na@b.co;x\r\n";
    assert_eq!(rows_of(open(file, &options, &["EMail"])), ["3: a@b.co|x"]);
}

#[test]
fn reports_a_backslash_before_the_line_break_of_the_last_cell() {
    let broken_off = "a backslash precedes the line break, and the next line is not a whole row; if the line break belongs \
                      to the cell, as Redshift, MySQL and others write it, set `escape = \"\\\\\"`";
    for file in [
        &b"EMail|Name\na@b.co|C:\\\nb@b.co|two\\\nlines\n"[..],
        b"EMail|Name\r\na@b.co|C:\\\r\nb@b.co|two\\\r\nlines",
    ] {
        assert_eq!(read(file), [r"2: a@b.co|C:\", r"3: b@b.co|two\", &format!("line 3: {broken_off}")]);
    }
    let ragged = "the row has 1 cell, but the header has 2";
    for (file, rows) in [
        (&b"EMail,Name\na@b.co,\"C:\\\"\nragged\n"[..], [r"2: a@b.co|C:\", &format!("3: {ragged}")]),
        (b"EMail,Name\na@b.co,C:\\\\\nragged\n", [r"2: a@b.co|C:\\", &format!("3: {ragged}")]),
        (b"EMail,Name\na@b.co,C:\\\nb@b.co,x\\", [r"2: a@b.co|C:\", r"3: b@b.co|x\"]),
    ] {
        assert_eq!(read(file), rows);
    }
}

#[test]
fn reads_quotes_after_a_delimiter_and_spaces() {
    // The cells that Python's `csv.reader(…, skipinitialspace=True)` returns, written by hand.
    for (line, cells) in [
        ("a@b.co, \"Ann\"", "a@b.co|Ann"),
        ("a@b.co, \"Bell, Ann\"", "a@b.co|Bell, Ann"),
        (" \"a@b.co\",   \"say \"\"no\"\"\"", "a@b.co|say \"no\""),
        ("a@b.co,\t\"two\n\"\"lines\"\", x\"", "a@b.co|two\n\"lines\", x"),
        ("a@b.co, \"\"", "a@b.co|"),
        ("\"a@b.co, \", \" Ann\"", "a@b.co, | Ann"),
        ("\"a, \"\"b\"\"\", \"Ann\"", "a, \"b\"|Ann"),
        ("a@b.co, 5\" pipe", "a@b.co| 5\" pipe"),
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let file = format!("EMail, \"Name\"{end}{line}{end}{end}x@b.co, \"y\"");
            let lines = line.matches('\n').count();
            let expected = [format!("2: {cells}"), format!("{}: x@b.co|y", 4 + lines)];
            assert_eq!(read(file.as_bytes()), expected, "{file:?}");
        }
    }
    assert_eq!(
        read(b"EMail;Name\na@b.co;x\nb@b.co; \"y;\"\nc@b.co; \"z\" \n"),
        ["2: a@b.co|x", "3: b@b.co|y;", "4: c@b.co|z "]
    );
    assert_eq!(
        read_escaped(b"EMail,Name\na@b.co, \"Smith, \\\"Al\\\"\"\nb@b.co, \\\"x\n"),
        ["2: a@b.co|Smith, \"Al\"", "3: b@b.co| \"x"]
    );
}

#[test]
fn quotes_after_spaces_are_whole_or_refused() {
    let after = "text follows a closing quote, so it is not clear where the cell ends; double the quotes inside the value";
    assert_eq!(
        read(b"EMail,Name\na@b.co, \"Al\" Smith\nb@b.co, \"Bo\"\n"),
        [format!("2: {after}"), "3: b@b.co|Bo".to_owned()]
    );
    for (file, line) in [
        (&b"EMail,Name\na@b.co, \"Al\nb@b.co,Bo\n"[..], "line 2: a quote opened in this row is never closed"),
        (
            b"EMail,Name\na@b.co,x\nb@b.co, \"Bo\nc@b.co,Cy\nd@b.co, \"Di\"\n",
            "line 3: a quote opened in this row is closed in a later line",
        ),
    ] {
        let read = read(file);
        assert!(read.last().unwrap().starts_with(line), "{read:?}");
    }
}

#[test]
fn an_unclosed_quote_after_spaces_does_not_read_an_endless_file() {
    let file = io::Cursor::new(b"EMail,Name\na@b.co, \"".to_vec()).chain(io::repeat(b'\n').take(100 << 20));
    let fed = Arc::new(AtomicUsize::new(0));
    let mut rows = open_stream(Counted(file, fed.clone()), &ReadOptions::default(), &["EMail"]).unwrap();
    let result = rows.next(&mut Row::default());
    assert!(matches!(result, Err(ReadError::Line { line: 2, defect: Defect::RowTooLong })));
    let fed = fed.load(Relaxed);
    assert!(fed <= 4 * MAX_ROW_BYTES, "{fed} bytes were read");
}

/// Writes a cell in quotes after spaces, in quotes, or, if it needs none, without.
fn written(cell: &str, spaces: &str, is_quoted: bool) -> String {
    let needs_quotes = cell.contains(['"', ',', '\n', '\r']) || cell.trim() != cell;
    if is_quoted || needs_quotes {
        format!("{spaces}\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

proptest! {
    #[test]
    fn spaces_before_quotes_change_no_cell(
        rows in prop::collection::vec(
            prop::collection::vec(("[a-z \"',;\t\r\n田]{0,8}", "[ \t]{0,3}", any::<bool>()), 3),
            1..20,
        ),
        crlf in any::<bool>(),
        repeated in prop::sample::select(vec![1_usize, 4_000]),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        // Rows without spaces come first, so that spaces begin in the middle of the buffer.
        let mut file = format!("EMail,b,c{end}{}", format!("x,\"y\",z{end}").repeat(repeated));
        for row in &rows {
            let cells = row.iter().map(|(cell, spaces, is_quoted)| written(cell, spaces, *is_quoted));
            file += &(cells.collect::<Vec<_>>().join(",") + end);
        }
        let options = ReadOptions { delimiter: Some(Delimiter::COMMA), ..ReadOptions::default() };
        let mut read = open(file.as_bytes(), &options, &[]).unwrap();
        let (mut back, mut row) = (Vec::new(), Row::default());
        let mut line = 1;
        while let Some(result) = read.next(&mut row).unwrap() {
            prop_assert_eq!(result, Ok(()));
            prop_assert!(row.line() > line);
            line = row.line();
            back.push(row.cells().map(str::to_owned).collect::<Vec<_>>());
        }
        let cells = |row: &Vec<(String, String, bool)>| row.iter().map(|(cell, ..)| cell.clone()).collect();
        let expected: Vec<Vec<String>> = rows.iter().map(cells).collect();
        prop_assert_eq!(&back[repeated..], expected);
    }
}
