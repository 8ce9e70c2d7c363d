//! The first of two passes over every segment but the first.

use super::{
    error::{FileError, PrepareError},
    input::{Input, Rules},
};
use crate::{
    contact::{Mapper, Programs, Warnings},
    stage::people::Overlap,
};
use segment_files::{ReadError, Row};

/// Reads the files of every segment but the first, and returns their addresses. With one segment, it reads nothing.
pub(super) fn read_ahead(
    inputs: &[Input<'_>],
    rules: Rules<'_>,
    programs: &Programs,
) -> Result<Overlap, FileError> {
    let mut overlap = Overlap::default();
    let first = inputs.first().map(|input| input.tag);
    for (n, input) in inputs.iter().enumerate().filter(|(_, input)| Some(input.tag) != first) {
        read(&mut overlap, input, rules, programs).map_err(|error| FileError::of(n, error))?;
    }
    Ok(overlap)
}

fn read(
    overlap: &mut Overlap,
    input: &Input<'_>,
    rules: Rules<'_>,
    programs: &Programs,
) -> Result<(), PrepareError> {
    let Some(mut rows) = input.open(rules.export)? else { return Ok(()) };
    let mapper = Mapper::bind(rules.export.mapping(), programs, rows.header(), rules.now)
        .map_err(ReadError::Columns)?;
    let (mut row, mut warnings, mut scratch) = (Row::default(), Warnings::default(), Vec::new());
    while let Some(readable) = rows.next(&mut row)? {
        // The second pass reports invalid rows and warnings.
        if let (Ok(()), Ok(Some(contact))) = (readable, mapper.contact(&row, &mut warnings)) {
            overlap.add(contact.key(), input.tag, contact.hash(&mut scratch));
        }
    }
    Ok(())
}
