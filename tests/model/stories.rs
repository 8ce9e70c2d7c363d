//! Stories that are told whole, with their ends.

use omnisend_export::{run::Mode, sandbox::TagMode};

use crate::{
    brand::{Brand, address},
    operations::{Export, Operation, Row, Run, Setup, Story},
    seeds::in_a_runtime,
    tally::Tally,
};

fn row(person: usize, name: &'static str) -> Row {
    Row { person: Some(person), name, nick: "", consent: None, is_bad: false }
}

/// Everybody's name, and whether they have the tag.
fn end(brand: &Brand) -> Vec<(&str, bool)> {
    let of = |person| &brand[&address(person)];
    (0..brand.len()).map(|n| (of(n).fields["firstName"].as_str(), !of(n).tags.is_empty())).collect()
}

/// Ada and her friend are there. A first file renames her, lacks the friend, and has somebody new; a second one takes
/// all of it back, and renames the friend. Both are planned before anything is sent.
fn two_runs(mode: Mode, operations: &[Operation]) -> Brand {
    let world = Setup {
        tag_mode: TagMode::Add,
        knows: true,
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
fn of_two_runs_that_are_planned_before_one_is_sent_the_newer_is_what_omnisend_ends_with() {
    for mode in [Mode::Changes, Mode::Full] {
        assert_eq!(end(&two_runs(mode, &[])), [("Ada", true), ("Dan", true), ("Cy", true)], "{mode:?}");
    }
}

#[test]
fn whom_the_first_of_them_takes_the_tag_from_the_second_gives_it_back() {
    // Nobody knew of the newcomer when the second was planned: the run after it takes the tag.
    assert_eq!(end(&two_runs(Mode::Mirror, &[])), [("Ada", true), ("Dan", true), ("Cy", true)]);
    let next = Operation::Schedule(Run { allow: true, kills: Vec::new() });
    assert_eq!(end(&two_runs(Mode::Mirror, &[next])), [("Ada", true), ("Dan", true), ("Cy", false)]);
}
