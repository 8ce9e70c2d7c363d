use proptest::prelude::*;

use super::*;

/// A source of 1,000 contacts that are all members already.
fn usual() -> GuardNumbers {
    GuardNumbers { read: 1000, contacts: 1000, members: 1000, last: Some(1000), ..GuardNumbers::default() }
}

fn names(numbers: GuardNumbers) -> Vec<&'static str> {
    allowed(numbers, &[])
}

fn allowed(numbers: GuardNumbers, allow: &[GuardName]) -> Vec<&'static str> {
    let allow = allow.iter().copied().collect();
    let guards = decide(&numbers, &GuardLimits::default(), &allow);
    guards.iter().map(|guard| guard.name().as_str()).collect()
}

#[test]
fn each_guard_stops_a_run_just_above_its_limit() {
    let invalid = |invalid| GuardNumbers {
        invalid,
        contacts: 1000 - invalid,
        members: 1000 - invalid,
        last: None,
        ..usual()
    };
    assert_eq!(names(invalid(100)), [""; 0]);
    assert_eq!(names(invalid(101)), ["rejects"]);
    let shrunk = |members| GuardNumbers { read: members, contacts: members, members, ..usual() };
    assert_eq!(names(shrunk(500)), [""; 0]);
    assert_eq!(names(shrunk(499)), ["shrink"]);
    assert_eq!(names(shrunk(5000)), [""; 0]);
    assert_eq!(names(shrunk(5001)), ["growth"]);
    assert_eq!(names(GuardNumbers { removals: 100, ..usual() }), [""; 0]);
    assert_eq!(names(GuardNumbers { removals: 101, ..usual() }), ["removals"]);
    let many = |members| GuardNumbers { read: members, contacts: members, members, last: None, ..usual() };
    assert_eq!(names(many(1_000_000)), [""; 0]);
    assert_eq!(names(many(1_000_001)), ["max-profiles"]);
    assert_eq!(names(GuardNumbers::default()), ["empty"]);
}

#[test]
fn the_share_of_invalid_rows_ignores_filtered_rows() {
    let numbers = GuardNumbers {
        read: 100_000,
        filtered: 99_900,
        invalid: 20,
        contacts: 80,
        members: 80,
        ..GuardNumbers::default()
    };
    assert_eq!(names(numbers), ["rejects"]);
}

#[test]
fn a_difference_of_a_few_rows_stops_no_run() {
    let rows = GuardNumbers { read: 30, invalid: 19, contacts: 11, members: 11, ..GuardNumbers::default() };
    assert_eq!(names(rows), [""; 0]);
    let last = |members, last| GuardNumbers {
        read: members,
        contacts: members,
        members,
        last: Some(last),
        ..GuardNumbers::default()
    };
    assert_eq!(names(last(1, 20)), [""; 0]);
    assert_eq!(names(last(1, 21)), ["shrink"]);
    assert_eq!(names(last(20, 1)), [""; 0]);
    assert_eq!(names(last(21, 1)), ["growth"]);
    assert_eq!(names(GuardNumbers { removals: 19, ..last(100, 100) }), [""; 0]);
    assert_eq!(names(GuardNumbers { removals: 20, ..last(100, 100) }), ["removals"]);
}

#[test]
fn stops_a_run_that_would_remove_the_tag_of_every_member() {
    let replaced = GuardNumbers {
        read: 3,
        contacts: 3,
        members: 3,
        last: Some(3),
        removals: 3,
        ..GuardNumbers::default()
    };
    assert_eq!(names(replaced), ["removals"]);
}

#[test]
fn an_emptied_segment_in_mirror_mode_needs_two_guards_allowed() {
    for (read, last) in [(0, 5), (0, 5000), (3, 5)] {
        let emptied =
            GuardNumbers { read, invalid: read, last: Some(last), removals: last, ..GuardNumbers::default() };
        assert_eq!(names(emptied), ["empty", "removals"]);
        assert_eq!(allowed(emptied, &[GuardName::Empty]), ["removals"]);
        assert_eq!(allowed(emptied, &[GuardName::Removals]), ["empty"]);
        assert_eq!(allowed(emptied, &[GuardName::Empty, GuardName::Removals]), [""; 0]);
    }
}

#[test]
fn a_source_that_was_not_read_to_its_end_only_exceeds_max_profiles() {
    let numbers = GuardNumbers {
        read: 9,
        invalid: 8,
        contacts: 1,
        members: 1,
        cut_short: true,
        last: Some(1000),
        ..GuardNumbers::default()
    };
    assert_eq!(names(numbers), ["max-profiles"]);
}

#[test]
fn a_guard_that_is_off_stops_no_run() {
    let off = GuardLimits {
        shrink_percent: None,
        removals_percent: None,
        rejects_percent: None,
        growth_factor: None,
        ..GuardLimits::default()
    };
    let numbers = GuardNumbers {
        read: 1000,
        invalid: 900,
        contacts: 100,
        members: 100,
        last: Some(5000),
        removals: 4900,
        ..usual()
    };
    assert_eq!(names(numbers), ["rejects", "shrink", "removals"]);
    assert_eq!(decide(&numbers, &off, &Allowed::new()), []);
    assert_eq!(off.off().len(), 4);
    assert_eq!(GuardLimits::default().off(), []);
}

#[test]
fn rejects_unknown_guards_with_a_suggestion() {
    let error = |word: &str| word.parse::<GuardName>().unwrap_err().to_string();
    let known = "empty, max-profiles, rejects, shrink, growth and removals";
    assert_eq!(error("shrnk"), format!("`shrnk` is not a guard; did you mean `shrink`? Known: {known}"));
    assert_eq!(error("everything"), format!("`everything` is not a guard; known: {known}"));
    assert_eq!(
        error("max_profiles"),
        format!("`max_profiles` is not a guard; did you mean `max-profiles`? Known: {known}")
    );
}

#[test]
fn messages_give_the_numbers_and_the_way_to_allow_the_run() {
    let guards = [
        Guard::Empty { read: 0 },
        Guard::Empty { read: 12 },
        Guard::MaxProfiles { limit: 1_000_000 },
        Guard::Rejects { invalid: 1204, rows: 10_000, limit_percent: 10 },
        Guard::Shrink { members: 12, last: 12_500, limit_percent: 50 },
        Guard::Growth { members: 100_000, last: 900, limit_factor: 5 },
        Guard::Removals { removals: 250, last: 1000, limit_percent: 10 },
    ];
    let export = "vip".parse().unwrap();
    let mut messages: Vec<String> = guards.iter().map(|guard| stop_message(&[*guard], &export)).collect();
    messages.push(stop_message(&guards[4..], &export));
    insta::assert_snapshot!(messages.join("\n\n"));
}

#[test]
fn serializes_a_guard_by_its_name() {
    let guard = Guard::MaxProfiles { limit: 9 };
    let json = serde_json::to_string(&guard).unwrap();
    assert_eq!(json, r#"{"guard":"max-profiles","limit":9}"#);
    assert_eq!(serde_json::from_str::<Guard>(&json).unwrap(), guard);
}

fn any_numbers() -> impl Strategy<Value = GuardNumbers> {
    let small = 0..3000u64;
    (small.clone(), small.clone(), small.clone(), proptest::option::of(small.clone()), small).prop_map(
        |(members, invalid, filtered, last, removals)| GuardNumbers {
            read: members + invalid + filtered,
            filtered,
            invalid,
            contacts: members,
            members,
            cut_short: false,
            last,
            removals: removals.min(last.unwrap_or(0)),
        },
    )
}

proptest! {
    #[test]
    fn an_unchanged_source_stops_no_run(contacts in 1..=1_000_000u64, twice in 0..=100u64) {
        // Some contacts are in two segments.
        let members = contacts + contacts * twice / 100;
        let same = GuardNumbers { read: members, contacts, members, last: Some(members), ..GuardNumbers::default() };
        prop_assert_eq!(names(same), [""; 0]);
    }

    #[test]
    fn allowing_one_guard_allows_no_other(
        numbers in any_numbers(),
        allow in proptest::sample::subsequence(GuardName::ALL.to_vec(), 0..=6),
    ) {
        let without = decide(&numbers, &GuardLimits::default(), &Allowed::new());
        let allow: Allowed = allow.into_iter().collect();
        let with = decide(&numbers, &GuardLimits::default(), &allow);
        let kept: Vec<Guard> = without.into_iter().filter(|guard| !allow.contains(&guard.name())).collect();
        prop_assert_eq!(with, kept);
    }

    #[test]
    fn looser_limits_stop_no_further_runs(numbers in any_numbers(), percent in 10..=99u64, factor in 5..1000u64) {
        let looser = GuardLimits {
            shrink_percent: Some(percent.max(50)),
            removals_percent: Some(percent),
            rejects_percent: Some(percent),
            growth_factor: Some(factor),
            ..GuardLimits::default()
        };
        let names = |limits: &GuardLimits| {
            decide(&numbers, limits, &Allowed::new()).iter().map(Guard::name).collect::<Vec<_>>()
        };
        let before = names(&GuardLimits::default());
        prop_assert!(names(&looser).iter().all(|name| before.contains(name)));
    }

    #[test]
    fn handles_any_numbers_without_overflow(n in any::<[u64; 7]>()) {
        let [read, filtered, invalid, contacts, members, last, removals] = n;
        let numbers = GuardNumbers { read, filtered, invalid, contacts, members, cut_short: false, last: Some(last), removals };
        decide(&numbers, &GuardLimits::default(), &Allowed::new());
    }
}
