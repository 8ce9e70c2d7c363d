//! The steps of a plan, from the request to the manifest.

use std::sync::Arc;

use super::{
    before::Before,
    error::PlanError,
    manifest::{Planned, manifest},
    pending::Pending,
    prepare::{FirstContact, Prepared},
    read::{discard, read},
    request::Request,
    revise::revise,
};
use crate::{
    contact::Tag,
    kill_point,
    ports::Ports,
    run::{DryRun, Guard, GuardNumbers, InlineTags, Manifest, Mode, decide},
    stage::{drop::resolve, people::OptOuts, progress::Observer, records::Records},
};

/// Plans a run and returns its manifest. If the run is already planned, returns the existing manifest and reads
/// nothing.
pub async fn plan(ports: &Ports, request: &Request, observer: &dyn Observer) -> Result<Manifest, PlanError> {
    let records = Records::new(ports.objects.clone());
    if let Some(manifest) = records.manifest(&request.run).await? {
        return Ok(manifest);
    }
    let started_at = ports.clock.now();
    let sources = &match &request.sources {
        Some(sources) => sources.clone(),
        None => resolve(ports, &request.export, &request.trigger).await?,
    };
    let before = Arc::new(Before::load(ports, &records, request).await?);
    let pending = Pending::load(ports, &records, request, sources, &before.tags).await?;
    let mut prepared = read(ports, request, sources, &before, pending, observer).await?;
    // In a versioned bucket, replaced objects can still be read to their end, so reading alone does not notice a
    // change.
    if let Err(changed) = sources.check_unchanged(ports, &request.export).await {
        discard(ports, &request.run).await;
        return Err(changed.into());
    }
    let opt_outs = std::mem::take(&mut prepared.opt_outs);
    let first_contacts = first_contacts(&prepared, &opt_outs, &request.export.tags());
    let stopped = stopped_by(request, &prepared, before.contacts(sources));
    if !request.dry_run
        && stopped.is_empty()
        && let Err(error) = revise(&records, &request.run, &mut prepared.written.chunks, opt_outs).await
    {
        discard(ports, &request.run).await;
        return Err(error);
    }
    let dry_run = if request.dry_run {
        let findings = records.findings(request.connection.name()).await?;
        let tag_way = findings.way(request.connection.tags(), &request.run, started_at);
        Some(DryRun::new(first_contacts, request.show_values, tag_way))
    } else {
        None
    };
    let planned = Planned { started_at, dry_run, stopped };
    let manifest = manifest(request, sources, &before, prepared, planned);
    kill_point::reach("plan.before-manifest");
    Ok(records.create(manifest).await?)
}

/// Returns the first contacts as they would be sent, with the opt-outs of later rows.
fn first_contacts(prepared: &Prepared, opt_outs: &OptOuts, tags: &[Tag]) -> Vec<serde_json::Value> {
    let inline = InlineTags::of(tags);
    let shown = prepared.written.first_contacts.iter().filter_map(|FirstContact { key, tags, contact }| {
        let contact = if opt_outs.contains(*key) { &opt_outs.amend(contact).ok()? } else { contact };
        serde_json::from_str(inline.contact(contact, *tags).get()).ok()
    });
    shown.collect()
}

/// Returns the guards that stop the run. `last` is the number of contacts in the last settled run, `None` if there is
/// nothing to compare with.
fn stopped_by(request: &Request, prepared: &Prepared, last: Option<u64>) -> Vec<Guard> {
    let planned = &prepared.planned;
    let numbers = GuardNumbers {
        read: planned.read,
        filtered: planned.filtered,
        invalid: planned.invalid,
        contacts: planned.sent + planned.unchanged,
        members: prepared.with_tag.iter().sum(),
        cut_short: prepared.cut_short,
        last,
        removals: if last.is_some() && request.mode == Mode::Mirror { prepared.leaving } else { 0 },
    };
    decide(&numbers, request.export.guards(), &request.allowed)
}
