//! Two stories that are not generated.

use omnisend_export::run::Mode;
use omnisend_sandbox::TagMode;

use crate::{
    brand::{Brand, address},
    operations::{Export, Operation, Row, Run, Setup, Story},
    seeds::in_a_runtime,
    tally::Tally,
};

fn row(person: usize, name: &'static str) -> Row {
    Row { person: Some(person), name, nick: "", consent: None, is_bad: false }
}

/// Returns the names of all people, and whether they have the tag.
fn names_and_tags(brand: &Brand) -> Vec<(&str, bool)> {
    let of = |person| &brand[&address(person)];
    (0..brand.len()).map(|n| (of(n).fields["firstName"].as_str(), !of(n).tags.is_empty())).collect()
}

/// The first run sends Ada and Bo. Then a file renames Ada, lacks Bo and adds Cy; the next file reverts all of this and
/// renames Bo. Both are planned before anything is sent. Returns the contacts at the end.
fn two_runs(mode: Mode, operations: &[Operation]) -> Brand {
    let world = Setup {
        tag_mode: TagMode::Add,
        forces_inline: true,
        batch_size: 100,
        create_segment: false,
        export: Export { mode, mapping: 0, segments: vec![0] },
        files: vec![vec![row(0, "Ada"), row(1, "Bo")], Vec::new(), Vec::new()],
        before: Vec::new(),
        kills: Vec::new(),
    };
    let twice = Operation::DropTwice {
        segment: 0,
        first: vec![row(0, "Eve"), row(2, "Cy")],
        second: vec![row(0, "Ada"), row(1, "Dan")],
        kills: Vec::new(),
    };
    let story = Story { world, operations: [&[twice], operations].concat() };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    in_a_runtime(&story, &http, &Tally::default())
}

#[test]
fn the_newer_of_two_planned_runs_wins() {
    for mode in [Mode::Changes, Mode::Full] {
        assert_eq!(
            names_and_tags(&two_runs(mode, &[])),
            [("Ada", true), ("Dan", true), ("Cy", true)],
            "{mode:?}"
        );
    }
}

#[test]
fn the_second_of_two_planned_runs_adds_the_tag_again() {
    // Cy was unknown when the second run was planned: the run after it removes the tag.
    assert_eq!(names_and_tags(&two_runs(Mode::Mirror, &[])), [("Ada", true), ("Dan", true), ("Cy", true)]);
    let next = Operation::Schedule(Run { allow: true, kills: Vec::new() });
    assert_eq!(
        names_and_tags(&two_runs(Mode::Mirror, &[next])),
        [("Ada", true), ("Dan", true), ("Cy", false)]
    );
}
