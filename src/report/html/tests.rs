//! Tests what the page shows, and that text from outside does not become markup.

use super::*;
use crate::{
    report::examples,
    run::{Counts, State},
};

fn page(report: &Report) -> String {
    html(report).unwrap()
}

/// Returns the page's text without its markup.
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
fn assert_contains(report: &Report, expected: &[&str]) {
    let words = words(report);
    for expected in expected {
        assert!(words.contains(expected), "{expected:?} is not in:\n{words}");
    }
}

#[track_caller]
fn assert_lacks(report: &Report, unexpected: &[&str]) {
    let words = words(report);
    for unexpected in unexpected {
        assert!(!words.contains(unexpected), "{unexpected:?} is in:\n{words}");
    }
}

#[test]
fn shows_everything_about_a_partial_run() {
    assert_contains(
        &examples::partial(),
        &[
            "vip → acme VIP customers",
            "! Partial",
            "10,000 rows read",
            "= sent 7,285 72.9%",
            "+ unchanged 2,000 20.0%",
            "7,285 contacts sent",
            "= accepted 7,242",
            "rejected the subscription&#39;s contact limit is reached plan_limit 38",
            "rejects.csv for spreadsheets and rejects.ndjson for programs",
            "phone a phone number without a country code; set region or default_region 994",
            "segments/vip/2026-11-23.csv 3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY 1.3 MB",
            "Started 2026-11-23 10:00:00 UTC",
            "Took 2m 40s",
            "Mode changes",
            "Batches 73",
            "Requests to send 79",
            "Throttled 6",
            "Other integrations use the brand&#39;s request limit too",
            "Run 20261123t100000z-e00bae5756b877e3",
        ],
    );
    assert_lacks(&examples::partial(), &["Nothing was sent", "Forecast"]);
}

#[test]
fn lists_only_the_first_files_of_a_large_drop() {
    let mut report = examples::partial();
    let first = report.source[0].clone();
    report.source = (0..1_000)
        .map(|n| crate::run::SourceObject {
            object: format!("segments/vip/part-{n:05}.csv"),
            ..first.clone()
        })
        .collect();
    assert_contains(&report, &["part-00019.csv", "and 980 more files, listed in report.json 1.2 GB"]);
    assert_lacks(&report, &["part-00020.csv"]);
}

#[test]
fn leaves_out_sections_without_content() {
    let report = examples::skipped();
    assert_contains(&report, &["– Skipped", "There was nothing to do"]);
    assert_lacks(
        &report,
        &[
            "What did not arrive",
            "duplicates",
            "Values left out",
            "contacts sent",
            "Batches",
            "Throttled",
            "rejects",
        ],
    );
    assert_lacks(&examples::empty(), &["rows read", "What did not arrive"]);
    assert_contains(
        &examples::empty(),
        &["✕ Stopped", "The source has no rows; check the program that writes the source"],
    );
}

#[test]
fn shows_the_reason_of_a_failure_before_the_numbers() {
    let words = words(&examples::failed());
    let at = |text: &str| words.find(text).unwrap_or_else(|| panic!("{text:?} is not in:\n{words}"));
    assert!(at("✕ Failed") < at("Nothing was sent"));
    assert!(at("segments also segments.read and segments.write.") < at("10,000 rows read"));
    assert!(words.contains("= to send 9,285"), "contacts that were not sent are not called sent:\n{words}");
    assert!(words.contains("They do not list 9,285 contacts that the run did not reach"));
}

#[test]
fn a_dry_run_begins_with_the_statement_that_nothing_was_sent() {
    let report = examples::dry_run();
    assert_contains(
        &report,
        &[
            "– Dry run Nothing was sent. A run now would send 9,285 contacts in 93 batches, which takes about 1m 4s.",
            "138 requests 400 requests per minute 1m 4s at this pace 93 batches, 2 to settle them, 38 to add tags",
            "&#34;id&#34;: &#34;ada@example.com&#34;",
            "Mode changes, dry run",
        ],
    );
    assert_lacks(&report, &["contacts sent", "not sent: the run", "Batches"]);
}

#[test]
fn escapes_text_from_outside() {
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
fn loads_and_runs_nothing() {
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
fn sets_names_in_messages_as_code() {
    assert!(page(&examples::stopped()).contains("set <code>max_profiles</code> in the export.</p>"));
    assert_eq!(spans("one ` only"), [Span { text: "one ` only".to_owned(), is_code: false }]);
}

#[test]
fn uses_the_singular_for_one() {
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
    assert_contains(&report, &["1 row read", "1 contact sent", "The one contact arrived"]);
}

#[test]
fn closes_every_element() {
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
