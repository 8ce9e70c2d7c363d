//! What the page says, and that nothing said by others becomes markup.

use super::*;
use crate::{report::examples, run::Counts, run::State};

fn page(report: &Report) -> String {
    html(report).unwrap()
}

/// The page's words, without its markup.
fn words(report: &Report) -> String {
    let page = page(report);
    let body = page.split_once("<body>").unwrap().1;
    let mut text = String::new();
    let mut is_tag = false;
    for c in body.chars() {
        match c {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_says(report: &Report, expected: &[&str]) {
    let words = words(report);
    for expected in expected {
        assert!(words.contains(expected), "{expected:?} is not in:\n{words}");
    }
}

#[track_caller]
fn assert_silent(report: &Report, unexpected: &[&str]) {
    let words = words(report);
    for unexpected in unexpected {
        assert!(!words.contains(unexpected), "{unexpected:?} is in:\n{words}");
    }
}

#[test]
fn a_partial_run_says_all_that_there_is() {
    assert_says(
        &examples::partial(),
        &[
            "vip → acme VIP customers",
            "! Partial",
            "10,000 rows read",
            "= sent 7,285 72.9%",
            "+ unchanged 2,000 20.0%",
            "7,285 contacts sent",
            "= accepted 7,242",
            "rejected the plan&#39;s limit of contacts is reached plan_limit 38",
            "rejects.csv for a spreadsheet, rejects.ndjson for programs",
            "phone a phone number without a country code; set region or default_region 994",
            "segments/vip/2026-11-23.csv 3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY 1.3 MB",
            "Started 2026-11-23 10:00:00 UTC",
            "Took 2m 40s",
            "Mode changes",
            "Batches 73",
            "Requests to send 79",
            "Throttled 6",
            "Other integrations use the brand&#39;s budget too",
            "Run 20261123t100000z-e00bae5756b877e3",
        ],
    );
    assert_silent(&examples::partial(), &["Nothing was sent", "What a run now would take"]);
}

#[test]
fn a_drop_of_many_files_stays_readable() {
    let mut report = examples::partial();
    let first = report.source[0].clone();
    report.source = (0..1_000)
        .map(|n| crate::run::SourceLine { object: format!("segments/vip/part-{n:05}.csv"), ..first.clone() })
        .collect();
    assert_says(&report, &["part-00019.csv", "and 980 more files, which report.json names 1.2 GB"]);
    assert_silent(&report, &["part-00020.csv"]);
}

#[test]
fn sections_without_content_are_left_out() {
    let report = examples::skipped();
    assert_says(&report, &["– Skipped", "There was nothing to do"]);
    assert_silent(
        &report,
        &[
            "What did not arrive",
            "duplicates",
            "Cells left out",
            "contacts sent",
            "Batches",
            "Throttled",
            "rejects",
        ],
    );
    assert_silent(&examples::empty(), &["rows read", "What did not arrive"]);
    assert_says(
        &examples::empty(),
        &["✕ Stopped", "The source has no profile; look at what writes the source"],
    );
}

#[test]
fn a_failure_says_why_and_what_to_do_before_all_numbers() {
    let words = words(&examples::failed());
    let at = |text: &str| words.find(text).unwrap_or_else(|| panic!("{text:?} is not in:\n{words}"));
    assert!(at("✕ Failed") < at("Nothing was sent"));
    assert!(at("it needs to read and write contacts and batches.") < at("10,000 rows read"));
    assert!(words.contains("= to send 9,285"), "nothing is called sent that was not:\n{words}");
    assert!(words.contains("They do not name the 9,285 contacts that the run did not come to"));
}

#[test]
fn a_dry_run_says_first_that_nothing_was_sent() {
    let report = examples::dry_run();
    assert_says(
        &report,
        &[
            "– Dry run Nothing was sent. A run now would send 9,285 contacts in 93 batches, which takes about 1m 4s.",
            "138 requests 400 requests a minute 1m 4s at this pace 93 batches, 2 to settle them, 38 to add tags",
            "&#34;id&#34;: &#34;ada@example.com&#34;",
            "Mode changes, dry run",
        ],
    );
    assert_silent(&report, &["contacts sent", "not sent: the run", "Batches"]);
}

#[test]
fn what_others_worded_stays_text() {
    let page = page(&examples::hostile());
    for markup in ["<script", "<i>friends", "<img", "<b>", "<code></code>", "onerror"] {
        assert!(!page.contains(markup), "{markup} is in the page");
    }
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62; &#38; &#34;quoted&#34; &#39;text&#39;"));
    assert!(
        page.contains("<h1>Bob&#39;s &#34;best&#34; &#60;i&#62;friends&#60;/i&#62; [2J</h1>"),
        "one line"
    );
    assert!(page.chars().all(|c| c == '\n' || !c.is_control()));
    assert!(!page.contains('\u{202e}'));
    assert!(page.contains("a call at 2026-11-23 10:00:00 UTC"));
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    for (name, report) in examples::all() {
        let page = page(&report);
        let tags: Vec<&str> = page.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
        for tag in tags {
            for active in ["script", "img", "iframe", "link", "object", "form"] {
                assert!(tag.split_whitespace().next() != Some(active), "{name}: <{tag}>");
            }
            assert!(!tag.contains(" src=") && !tag.contains(" on"), "{name}: <{tag}>");
        }
        assert!(!page.contains("url(") && !page.contains("@import"), "{name}");
        let links: Vec<&str> =
            page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(
            links.iter().all(|link| ["rejects.csv", "rejects.ndjson", "report.json"].contains(link)),
            "{links:?}"
        );
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn names_in_a_message_are_set_as_such() {
    assert!(page(&examples::stopped()).contains("set <code>max_profiles</code> in the export.</p>"));
    assert_eq!(spans("one ` only"), [Span { text: "one ` only".to_owned(), is_code: false }]);
}

#[test]
fn a_single_one_is_not_said_in_the_plural() {
    let report = Report {
        batches: 1,
        ..examples::report(
            State::Succeeded,
            Counts::new(
                crate::run::Planned { read: 1, sent: 1, ..Default::default() },
                crate::run::Settled { accepted: 1, ..Default::default() },
            )
            .unwrap(),
        )
    };
    assert_says(&report, &["1 row read", "1 contact sent", "The one contact arrived"]);
}

#[test]
fn every_element_that_is_opened_is_closed() {
    for (name, report) in examples::all() {
        let page = page(&report);
        for element in [
            "section", "div", "table", "tr", "td", "th", "ul", "li", "dl", "dd", "p", "i", "span", "h2",
            "code",
        ] {
            let opened =
                page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
            assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{name}: {element}");
        }
    }
}
