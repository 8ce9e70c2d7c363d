//! The model computes what each run sends and which contacts Omnisend has afterwards, with the simplest possible code.

use std::collections::{BTreeMap, BTreeSet};

use omnisend_export::run::Mode;

use crate::{
    brand::{Brand, Contact, Fields, address, tag_of},
    config::{day, mapped, maps_consent},
    consent,
    operations::{Export, Row, Statement},
};

/// Omnisend's contacts, and what the export knows about them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub brand: Brand,
    /// The people that the export has sent.
    known: BTreeMap<usize, Known>,
    /// The mapping of the last run, if there was one.
    mapping: Option<usize>,
    /// How many contacts each segment of the export had in its last run.
    sizes: BTreeMap<usize, u64>,
}

/// What the export knows about a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    /// The fields that were last sent; `None` if the contact must be sent again.
    sent: Option<Fields>,
    /// The segments whose tags the export added.
    tags: BTreeSet<usize>,
    /// The consent that was last sent.
    consent: Option<Statement>,
}

/// A contact of the source, or the part of it that is sent.
#[derive(Debug, Clone, Default)]
struct Member {
    fields: Fields,
    tags: BTreeSet<usize>,
    consent: Option<Statement>,
    /// The latest opt-out in the invalid rows before its row (`early`) and in all rows after it (`opt_out`).
    early: Option<Statement>,
    opt_out: Option<Statement>,
    /// Whether only its opt-out is sent.
    opt_out_only: bool,
}

/// A planned run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub stopped: bool,
    pub sends_all: bool,
    pub counts: Counts,
    sent: BTreeMap<usize, Member>,
    untagged: BTreeMap<usize, BTreeSet<usize>>,
    mapping: usize,
    sizes: BTreeMap<usize, u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub read: u64,
    pub invalid: u64,
    pub duplicate: u64,
    pub unchanged: u64,
    pub sent: u64,
    pub accepted: u64,
    pub rejected: u64,
}

/// A requested run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requested<'a> {
    pub export: &'a Export,
    pub mode: Mode,
    pub allow: bool,
    /// The segments that it reads, in the export's order, with their rows.
    pub segments: &'a [(usize, &'a [Row])],
}

impl Model {
    /// Plans a run. `pending` is another run that is planned but not settled.
    pub(crate) fn plan(&self, requested: Requested<'_>, pending: Option<&Plan>) -> Plan {
        let Requested { export, mode, .. } = requested;
        let mut counts = Counts::default();
        let (members, staying) = members(requested, &mut counts);
        let has_consent = maps_consent(export.mapping);
        let sends_all = mode == Mode::Full || self.mapping != Some(export.mapping);
        // The pending run will remove its tags in any case, but Omnisend may reject what it sends.
        let mut known = self.known.clone();
        if let Some(plan) = pending {
            known
                .iter_mut()
                .filter(|(person, _)| plan.sent.contains_key(person))
                .for_each(|(_, k)| k.sent = None);
            plan.untagged.iter().for_each(|(person, tags)| {
                known.entry(*person).or_default().tags.retain(|tag| !tags.contains(tag));
            });
        }
        let mut sent = BTreeMap::new();
        for (person, member) in &members {
            let known = known.get(person).cloned().unwrap_or_default();
            let pending_opt_out = pending
                .and_then(|plan| consent::opt_out(plan.sent.get(person)?.consent))
                .filter(|_| has_consent);
            let of_row = consent::sent(
                member.consent,
                consent::latest([member.early, pending_opt_out]),
                known.consent,
            );
            let is_unchanged =
                known.sent.as_ref() == Some(&member.fields) && known.tags.is_superset(&member.tags);
            let has_same_consent = of_row.is_none() || of_row == known.consent;
            if sends_all || !is_unchanged || !has_same_consent {
                let consent = match member.opt_out {
                    Some(_) => consent::latest([of_row, member.opt_out, known.consent]),
                    None => of_row,
                };
                sent.insert(*person, Member { consent, ..member.clone() });
            } else if member.opt_out.is_some()
                && consent::latest([known.consent, member.opt_out]) != consent::opt_out(known.consent)
            {
                let consent = consent::latest([known.consent, member.opt_out]);
                sent.insert(*person, Member { consent, opt_out_only: true, ..Member::default() });
            }
        }
        counts.sent = sent.len() as u64;
        counts.unchanged = members.len() as u64 - counts.sent;
        let untagged = leaving(&known, requested, &members, &staying);
        let sizes: BTreeMap<usize, u64> = requested
            .segments
            .iter()
            .map(|(segment, _)| {
                (*segment, members.values().filter(|member| member.tags.contains(segment)).count() as u64)
            })
            .collect();
        let before: Vec<u64> = sizes.keys().filter_map(|segment| self.sizes.get(segment)).copied().collect();
        let before = (!before.is_empty()).then(|| before.iter().sum::<u64>());
        let is_empty = counts.read == 0 || (members.is_empty() && before.is_some_and(|before| before > 0));
        let empties = mode == Mode::Mirror
            && before.is_some_and(|before| !untagged.is_empty() && untagged.len() as u64 >= before);
        Plan {
            stopped: !requested.allow && (is_empty || empties),
            sends_all,
            counts,
            sent,
            untagged: if mode == Mode::Mirror { untagged } else { BTreeMap::new() },
            mapping: export.mapping,
            sizes,
        }
    }

    /// Settles a canceled run: each of its contacts must have either its former fields or the run's. The model adopts
    /// Omnisend's fields; tags may still be missing.
    pub(crate) fn may_have_sent(&mut self, plan: &Plan, found: &Brand) {
        for (person, Member { fields, consent, .. }) in &plan.sent {
            let email = address(*person);
            let Some(seen) = found.get(&email) else { continue };
            let before = self.brand.get(&email).cloned();
            let mut sent = before.clone().unwrap_or_default();
            sent.send(fields, *consent);
            let is_former = before.is_some_and(|before| before.fields == seen.fields);
            assert!(
                is_former || sent.fields == seen.fields,
                "{email} has neither its former fields nor those of the run: {seen:?}"
            );
            self.brand.entry(email).or_default().fields.clone_from(&seen.fields);
        }
    }

    /// Settles a run of which Omnisend rejects some contacts, and returns its counts.
    pub(crate) fn settle(&mut self, plan: &Plan, export: &Export, refused: &BTreeSet<usize>) -> Counts {
        let mut counts = plan.counts;
        for (person, Member { fields, tags, consent, opt_out_only, .. }) in &plan.sent {
            if refused.contains(person) {
                counts.rejected += 1;
                if let Some(known) = self.known.get_mut(person) {
                    known.sent = None;
                }
                continue;
            }
            counts.accepted += 1;
            let contact = self.brand.entry(address(*person)).or_default();
            contact.send(fields, *consent);
            contact.tags.extend(tags.iter().copied().map(tag_of));
            let known = self.known.entry(*person).or_default();
            known.sent = (!opt_out_only).then(|| fields.clone());
            known.tags.extend(tags);
            known.consent = consent.or(known.consent);
        }
        for (person, tags) in &plan.untagged {
            if let Some(contact) = self.brand.get_mut(&address(*person)) {
                contact.tags.retain(|tag| tags.iter().all(|gone| tag_of(*gone) != *tag));
            }
            if let Some(known) = self.known.get_mut(person) {
                known.tags.retain(|tag| !tags.contains(tag));
            }
        }
        self.known.retain(|_, known| !known.tags.is_empty() || consent::opt_out(known.consent).is_some());
        self.mapping = Some(plan.mapping);
        self.sizes.retain(|segment, _| export.segments.contains(segment));
        self.sizes.extend(plan.sizes.clone());
        counts
    }
}

impl Contact {
    /// Applies an upsert with these fields and this consent.
    fn send(&mut self, fields: &Fields, consent: Option<Statement>) {
        self.fields.extend(fields.clone());
        if let Some(consent) = consent {
            let status = if consent.opted_out { "unsubscribed" } else { "subscribed" };
            self.set_status(status, consent.day.map(day));
        }
    }
}

impl Plan {
    pub(crate) fn tags_removed(&self) -> u64 {
        self.untagged.values().map(|tags| tags.len() as u64).sum()
    }
}

/// Returns the contacts of the source, and the people with an invalid row. For a person with several rows, the first
/// valid row counts, and the opt-outs of all rows.
fn members(requested: Requested<'_>, counts: &mut Counts) -> (BTreeMap<usize, Member>, BTreeSet<usize>) {
    let mapping = requested.export.mapping;
    let mut members: BTreeMap<usize, Member> = BTreeMap::new();
    let mut invalid: BTreeMap<usize, Option<Statement>> = BTreeMap::new();
    for (segment, rows) in requested.segments {
        for row in *rows {
            counts.read += 1;
            let Some(person) = row.person else {
                counts.invalid += 1;
                continue;
            };
            let consent = row.consent.filter(|_| maps_consent(mapping));
            if row.is_bad {
                counts.invalid += 1;
                let early = invalid.entry(person).or_default();
                match members.get_mut(&person) {
                    Some(member) => member.opt_out = consent::latest([member.opt_out, consent]),
                    None => *early = consent::latest([*early, consent]),
                }
            } else if let Some(member) = members.get_mut(&person) {
                counts.duplicate += 1;
                member.opt_out = consent::latest([member.opt_out, consent]);
                member.tags.insert(*segment);
            } else {
                let early = invalid.get(&person).copied().flatten();
                let (fields, tags) = (mapped(mapping, row), BTreeSet::from([*segment]));
                members.insert(person, Member { fields, tags, consent, early, ..Member::default() });
            }
        }
    }
    (members, invalid.into_keys().collect())
}

/// Returns the tags that people lose. Only tags of the run's segments count, or all tags if the run reads every segment:
/// then the tags of former segments go too.
fn leaving(
    known: &BTreeMap<usize, Known>,
    requested: Requested<'_>,
    members: &BTreeMap<usize, Member>,
    staying: &BTreeSet<usize>,
) -> BTreeMap<usize, BTreeSet<usize>> {
    let in_the_run: BTreeSet<usize> = requested.segments.iter().map(|(segment, _)| *segment).collect();
    let is_whole = requested.export.segments.iter().all(|segment| in_the_run.contains(segment));
    let mut leaving = BTreeMap::new();
    for (person, Known { tags, .. }) in known.iter().filter(|(person, _)| !staying.contains(person)) {
        let keeps = members.get(person).map(|member| member.tags.clone()).unwrap_or_default();
        let loses: BTreeSet<usize> = tags
            .iter()
            .filter(|tag| !keeps.contains(tag) && (is_whole || in_the_run.contains(tag)))
            .copied()
            .collect();
        if !loses.is_empty() {
            leaving.insert(*person, loses);
        }
    }
    leaving
}
