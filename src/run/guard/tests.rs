use proptest::prelude::*;

use super::*;

/// A source of a thousand rows, of whom all were there last time.
fn usual() -> Numbers {
    Numbers { read: 1000, contacts: 1000, members: 1000, last: Some(1000), ..Numbers::default() }
}

fn names(numbers: Numbers) -> Vec<&'static str> {
    allowed(numbers, &[])
}

fn allowed(numbers: Numbers, allow: &[GuardName]) -> Vec<&'static str> {
    let allow = allow.iter().copied().collect();
    let guards = decide(&numbers, &GuardLimits::default(), &allow);
    guards.iter().map(|guard| guard.name().as_str()).collect()
}

#[test]
fn each_guard_stops_just_above_its_limit() {
    let invalid = |invalid| Numbers {
        invalid,
        contacts: 1000 - invalid,
        members: 1000 - invalid,
        last: None,
        ..usual()
    };
    assert_eq!(names(invalid(100)), [""; 0]);
    assert_eq!(names(invalid(101)), ["rejects"]);
    let shrunk = |members| Numbers { read: members, contacts: members, members, ..usual() };
    assert_eq!(names(shrunk(500)), [""; 0]);
    assert_eq!(names(shrunk(499)), ["shrink"]);
    assert_eq!(names(shrunk(5000)), [""; 0]);
    assert_eq!(names(shrunk(5001)), ["growth"]);
    assert_eq!(names(Numbers { removals: 100, ..usual() }), [""; 0]);
    assert_eq!(names(Numbers { removals: 101, ..usual() }), ["removals"]);
    let many = |members| Numbers { read: members, contacts: members, members, last: None, ..usual() };
    assert_eq!(names(many(1_000_000)), [""; 0]);
    assert_eq!(names(many(1_000_001)), ["max-profiles"]);
    assert_eq!(names(Numbers::default()), ["empty"]);
}

#[test]
fn rows_that_the_filter_leaves_out_hide_no_rejects() {
    let numbers = Numbers {
        read: 100_000,
        filtered: 99_900,
        invalid: 20,
        contacts: 80,
        members: 80,
        ..Numbers::default()
    };
    assert_eq!(names(numbers), ["rejects"]);
}

#[test]
fn of_a_few_rows_no_share_is_too_large() {
    let rows = Numbers { read: 30, invalid: 19, contacts: 11, members: 11, ..Numbers::default() };
    assert_eq!(names(rows), [""; 0]);
    let last = |members, last| Numbers {
        read: members,
        contacts: members,
        members,
        last: Some(last),
        ..Numbers::default()
    };
    assert_eq!(names(last(1, 20)), [""; 0]);
    assert_eq!(names(last(1, 21)), ["shrink"]);
    assert_eq!(names(last(20, 1)), [""; 0]);
    assert_eq!(names(last(21, 1)), ["growth"]);
    assert_eq!(names(Numbers { removals: 19, ..last(100, 100) }), [""; 0]);
    assert_eq!(names(Numbers { removals: 20, ..last(100, 100) }), ["removals"]);
}

#[test]
fn everybody_is_too_many_to_lose_their_tag_however_few_they_are() {
    let replaced =
        Numbers { read: 3, contacts: 3, members: 3, last: Some(3), removals: 3, ..Numbers::default() };
    assert_eq!(names(replaced), ["removals"]);
}

#[test]
fn an_emptied_segment_in_mirror_is_let_through_by_two_names() {
    for (read, last) in [(0, 5), (0, 5000), (3, 5)] {
        let emptied = Numbers { read, invalid: read, last: Some(last), removals: last, ..Numbers::default() };
        assert_eq!(names(emptied), ["empty", "removals"]);
        assert_eq!(allowed(emptied, &[GuardName::Empty]), ["removals"]);
        assert_eq!(allowed(emptied, &[GuardName::Removals]), ["empty"]);
        assert_eq!(allowed(emptied, &[GuardName::Empty, GuardName::Removals]), [""; 0]);
    }
}

#[test]
fn what_was_not_read_to_its_end_is_told_by_one_guard() {
    let numbers = Numbers {
        read: 9,
        invalid: 8,
        contacts: 1,
        members: 1,
        cut_short: true,
        last: Some(1000),
        ..Numbers::default()
    };
    assert_eq!(names(numbers), ["max-profiles"]);
}

#[test]
fn a_guard_that_is_off_stops_nothing() {
    let off = GuardLimits {
        shrink_percent: None,
        removals_percent: None,
        rejects_percent: None,
        growth_factor: None,
        ..GuardLimits::default()
    };
    let numbers = Numbers {
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
fn a_name_that_is_none_is_refused_with_the_nearest() {
    let said = |word: &str| word.parse::<GuardName>().unwrap_err().to_string();
    let known = "Guards are empty, max-profiles, rejects, shrink, growth, removals";
    assert_eq!(said("shrnk"), format!("`shrnk` is no guard; did you mean `shrink`? {known}"));
    assert_eq!(said("everything"), format!("`everything` is no guard; {known}"));
    assert_eq!(
        said("max_profiles"),
        format!("`max_profiles` is no guard; did you mean `max-profiles`? {known}")
    );
}

#[test]
fn each_guard_says_its_numbers_and_the_way_through() {
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
    let mut said: Vec<String> = guards.iter().map(|guard| stopped(&[*guard], &export)).collect();
    said.push(stopped(&guards[4..], &export));
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn a_guard_is_stored_by_its_name() {
    let guard = Guard::MaxProfiles { limit: 9 };
    let json = serde_json::to_string(&guard).unwrap();
    assert_eq!(json, r#"{"guard":"max-profiles","limit":9}"#);
    assert_eq!(serde_json::from_str::<Guard>(&json).unwrap(), guard);
}

fn any_numbers() -> impl Strategy<Value = Numbers> {
    let small = 0..3000u64;
    (small.clone(), small.clone(), small.clone(), proptest::option::of(small.clone()), small).prop_map(
        |(members, invalid, filtered, last, removals)| Numbers {
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
    fn an_unchanged_source_is_never_stopped(contacts in 1..=1_000_000u64, twice in 0..=100u64) {
        // Some are in two segments.
        let members = contacts + contacts * twice / 100;
        let same = Numbers { read: members, contacts, members, last: Some(members), ..Numbers::default() };
        prop_assert_eq!(names(same), [""; 0]);
    }

    #[test]
    fn a_name_lets_through_its_own_guard_and_no_other(
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
    fn looser_limits_stop_no_more(numbers in any_numbers(), percent in 10..=99u64, factor in 5..1000u64) {
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
    fn nothing_overflows(n in any::<[u64; 7]>()) {
        let [read, filtered, invalid, contacts, members, last, removals] = n;
        let numbers = Numbers { read, filtered, invalid, contacts, members, cut_short: false, last: Some(last), removals };
        decide(&numbers, &GuardLimits::default(), &Allowed::new());
    }
}
