//! Report: what a run's objects say became of it. Touches Omnisend no more, so it can be made again at any time.

mod cells;
mod rejects;

use crate::keys::Key;
use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use self::{
    cells::Cells,
    rejects::{Of, Tally, Writer},
};
use super::{RecordError, Records};
use crate::{
    omnisend::is_subscription_limit,
    ports::{
        Ports,
        objects::{ObjectError, Put},
    },
    run::{
        Counts, Halted, Manifest, Outcome, Parked, Reason, RefusedLine, Report, Requests, SegmentSeen,
        Settled, SourceObject, State, StoredContact, TagCounts, Unbalanced, flaw, lines, stop_message,
    },
};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A run's object.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The counts do not add up: no report is better than a wrong one.
    #[error("run {run}: {source}")]
    Unbalanced {
        /// The run.
        run: String,
        /// Where they do not.
        #[source]
        source: Unbalanced,
    },
    /// The page could not be made.
    #[error("the report's page could not be made: {0}")]
    Page(#[from] askama::Error),
    /// A line of the rejects could not be made.
    #[error("the rejects could not be written: {0}")]
    Rejects(#[from] csv::Error),
}

impl From<ObjectError> for ReportError {
    fn from(error: ObjectError) -> Self {
        Self::Record(error.into())
    }
}

/// How a run stands that is not simply over.
struct Standing {
    canceled: bool,
    halted: Option<Halted>,
    parked: Option<Parked>,
}

/// Writes the rejects and the report of a run, `report.json` last: the run is finished from then on.
pub async fn report(ports: &Ports, manifest: &Manifest) -> Result<Report, ReportError> {
    let records = Records::new(ports.objects.clone());
    let standing = Standing {
        canceled: records.is_canceled(&manifest.run).await?,
        halted: records.halted(&manifest.run).await?,
        parked: records.parked(&manifest.run).await?,
    };
    let (mut sums, tally) = gather(&records, manifest).await?;
    sums.requests.settle += standing.halted.as_ref().map_or(0, |halted| halted.requests);
    let report = build(manifest, &standing, &sums, tally, ports.clock.now())
        .map_err(|source| ReportError::Unbalanced { run: manifest.run.to_string(), source })?;
    let page = crate::report::html(&report)?;
    let page_key = Key::ReportHtml(manifest.run.clone());
    records.objects().put(&(&page_key).into(), Bytes::from(page), Put::Replace).await?;
    records.write(&Key::ReportJson(manifest.run.clone()), &report, Put::Replace).await?;
    Ok(report)
}

/// A run's outcomes, added up.
#[derive(Debug, Default)]
struct Sums {
    settled: Settled,
    not_sent: u64,
    batches: u64,
    requests: Requests,
    tags: TagCounts,
    segments: Vec<SegmentSeen>,
    rejects_without_cells: bool,
}

/// Adds a run's chunks up, and writes its rejects.
async fn gather(records: &Records, manifest: &Manifest) -> Result<(Sums, Tally), ReportError> {
    let run = &manifest.run;
    let of = Of::new(manifest);
    let mut writer = Writer::start(records.objects().clone(), &of).await?;
    let mut cells = Cells::new(records.objects().clone(), manifest);
    for part in 0..manifest.refused_parts {
        let key = Key::Refused(run.clone(), part);
        let unpacked = records.lines(&key).await?;
        for line in lines(&unpacked) {
            let refused: RefusedLine = parse(&key, line)?;
            writer.push(&of.refused(&refused)).await?;
        }
    }
    let mut sums = Sums::default();
    let sends = manifest.chunks_to_send().count();
    for (chunk, info) in (0..).zip(&manifest.chunks) {
        let contacts = u64::from(info.contacts);
        let (receipt, outcome) = if (chunk as usize) < sends {
            let outcome = records.outcome(run, chunk).await?.unwrap_or_default();
            (records.sent_of(run, chunk).await?, outcome)
        } else {
            Default::default()
        };
        let settled = Settled {
            accepted: outcome.accepted,
            rejected: outcome.rejected.len() as u64,
            unknown: outcome.unknown.len() as u64,
        };
        // What has no outcome was never sent, or the run ended before anyone could ask.
        let silent = contacts.saturating_sub(settled.accepted + settled.rejected + settled.unknown);
        let covered = receipt.covered(info.contacts as usize).iter().filter(|covered| **covered).count();
        sums.settled += Settled { unknown: settled.unknown + silent, ..settled };
        sums.not_sent += contacts.saturating_sub(covered as u64);
        sums.batches += receipt.batches.len() as u64;
        sums.requests.upload += receipt.requests;
        sums.requests.throttled += receipt.throttled;
        sums.requests.settle += outcome.requests;
        push_outcome(records, manifest, (chunk, &outcome), &mut cells, (&of, &mut writer)).await?;
    }
    sums.rejects_without_cells = cells.is_gone();
    aside(records, manifest, &mut sums).await?;
    Ok((sums, writer.finish().await?))
}

/// Adds up what was done apart from batches: tags, and segments.
async fn aside(records: &Records, manifest: &Manifest, sums: &mut Sums) -> Result<(), RecordError> {
    let run = &manifest.run;
    let written = records.written(run).await?;
    let there = |key: &Key| written.contains(&key.into());
    let added = (0..).zip(&manifest.chunks).map(|(chunk, _)| Key::Tagged(run.clone(), chunk));
    // Their parts are numbered without a gap.
    let removed = (0..).map(|part| Key::Untagged(run.clone(), part)).take_while(there);
    for (key, adds) in added.filter(there).map(|key| (key, true)).chain(removed.map(|key| (key, false))) {
        let Some(receipt) = records.tagged(&key).await? else { continue };
        let tags = &mut sums.tags;
        let (contacts, changed) = if adds {
            (&mut tags.added_to, &mut tags.added)
        } else {
            (&mut tags.removed_from, &mut tags.removed)
        };
        *contacts += receipt.contacts;
        *changed += receipt.tags;
        tags.refused += receipt.refused.len() as u64;
        sums.requests.tags += receipt.requests;
        sums.requests.throttled += receipt.throttled;
    }
    if there(&Key::Segments(run.clone()))
        && let Some(seen) = records.segments(run).await?
    {
        sums.requests.segments += seen.requests;
        sums.segments = seen.segments;
    }
    Ok(())
}

/// Writes what did not arrive of a chunk, in the order of the source.
async fn push_outcome(
    records: &Records,
    manifest: &Manifest,
    (chunk, outcome): (u32, &Outcome),
    cells: &mut Cells<'_>,
    (of, writer): (&Of<'_>, &mut Writer),
) -> Result<(), ReportError> {
    let rejected = outcome.rejected.iter().map(|rejection| (rejection.place, Some(rejection), ""));
    let unknown = outcome.unknown.iter().map(|unknown| (unknown.place, None, unknown.reason.as_str()));
    let mut missing: Vec<_> = rejected.chain(unknown).collect();
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_by_key(|(place, ..)| *place);
    let key = manifest.chunk_key(chunk);
    let unpacked = records.lines(&key).await?;
    let all: Vec<&[u8]> = lines(&unpacked).collect();
    let contact = |place: u32| -> Result<StoredContact<'_>, RecordError> {
        parse(&key, all.get(place as usize).copied().unwrap_or_default())
    };
    let places = missing.iter().map(|(place, ..)| Ok(contact(*place)?.of.at));
    let rows = cells.of(places.collect::<Result<_, RecordError>>()?).await;
    for ((place, rejection, reason), row) in missing.into_iter().zip(&rows) {
        let stored = contact(place)?;
        let reject = match rejection {
            Some(rejection) => of.rejected(rejection, &stored, row),
            None => of.unknown(reason, &stored, row),
        };
        writer.push(&reject).await?;
    }
    Ok(())
}

fn parse<'a, T: serde::Deserialize<'a>>(key: &Key, line: &'a [u8]) -> Result<T, RecordError> {
    serde_json::from_slice(line)
        .map_err(|error| RecordError::Damaged { key: key.to_string(), reason: flaw(&error) })
}

/// The report, from what was gathered. Pure.
fn build(
    manifest: &Manifest,
    standing: &Standing,
    sums: &Sums,
    tally: Tally,
    ended_at: Timestamp,
) -> Result<Report, Unbalanced> {
    let counts = Counts::new(manifest.planned, sums.settled)?;
    let reasons = tally.reasons();
    let (state, message) = verdict(manifest, standing, &counts, (sums.not_sent, &reasons));
    Ok(Report {
        run: manifest.run.clone(),
        connection: manifest.connection.clone(),
        display_name: manifest.display_name.clone(),
        mode: manifest.mode,
        state,
        message,
        trigger: manifest.started_by(),
        started_at: manifest.started_at,
        ended_at,
        source: manifest
            .source
            .iter()
            .map(|object| SourceObject {
                object: object.location.to_string(),
                version: object.version.clone(),
                size: object.size,
            })
            .collect(),
        counts,
        undoes: manifest.undoes.clone(),
        corrects: manifest.corrects.clone(),
        replays: manifest.replays.clone(),
        sends_all: manifest.sends_all,
        overlapping: manifest.overlapping,
        conflicting: manifest.conflicting,
        not_sent: sums.not_sent,
        batches: sums.batches,
        requests: sums.requests,
        tags: sums.tags,
        segments: sums.segments.clone(),
        warnings: BTreeMap::clone(&manifest.warnings),
        consent: manifest.consent.clone(),
        reasons,
        rejects_without_cells: sums.rejects_without_cells,
        guards: manifest.guards,
        allowed: manifest.allowed.clone(),
        stopped: manifest.stopped.clone(),
        dry_run: manifest.forecast(),
    })
}

fn verdict(
    manifest: &Manifest,
    standing: &Standing,
    counts: &Counts,
    (not_sent, reasons): (u64, &[Reason]),
) -> (State, Option<String>) {
    if !manifest.stopped.is_empty() {
        let said = stop_message(&manifest.stopped, &manifest.run.export);
        let would = if manifest.dry_run.is_some() { "a run now would be stopped: " } else { "" };
        return (State::Stopped, Some(format!("{would}{said}")));
    }
    if manifest.dry_run.is_some() {
        let clean = counts.planned().invalid == 0;
        return (if clean { State::Succeeded } else { State::Partial }, None);
    }
    if let Some(parked) = &standing.parked {
        return (State::Failed, Some(parked.reason.clone()));
    }
    if standing.canceled {
        let message = "the run was canceled; what was sent before stays in Omnisend".to_owned();
        return (State::Canceled, Some(message));
    }
    if let Some(halted) = &standing.halted {
        return (State::Partial, Some(refuses_all(halted, counts, not_sent)));
    }
    let state = match (counts.is_clean(), counts.planned().sent) {
        (true, 0) if manifest.removals.is_empty() => State::Skipped,
        (true, _) => State::Succeeded,
        (false, _) => State::Partial,
    };
    (state, refusals(counts, reasons))
}

/// That Omnisend refuses whatever would still be sent, and what became of the run.
fn refuses_all(halted: &Halted, counts: &Counts, not_sent: u64) -> String {
    let Halted { code, reason, .. } = halted;
    let (what, then) = if halted.is_of_the_plan() {
        ("contacts for the brand's plan", "make room in the brand's plan, or choose a larger one")
    } else {
        ("contact after contact in the same words", "see to what it says")
    };
    let Settled { accepted, rejected, .. } = counts.settled();
    format!(
        "Omnisend refuses {what}: {} ({code}). The run was stopped early: {accepted} arrived, {rejected} were refused, \
         and {not_sent} were not sent. To send them, {then}, and run the export again",
        reason.trim_end_matches('.')
    )
}

/// Why Omnisend refused contacts, or most of them: what a person must see first, such as a plan that is full.
fn refusals(counts: &Counts, reasons: &[Reason]) -> Option<String> {
    let most = reasons.iter().find(|reason| reason.outcome == "rejected")?;
    let rejected = counts.settled().rejected;
    let share =
        if most.count < rejected { format!(", {} of them because", most.count) } else { String::new() };
    let advice = if is_subscription_limit(&most.code, &most.reason) {
        " Make room in the brand's plan, or choose a larger one, and run the export again."
    } else {
        ""
    };
    let contacts = if rejected == 1 { "contact" } else { "contacts" };
    Some(format!("Omnisend refused {rejected} {contacts}{share}: {}{advice}", most.reason))
}
