//! The reference: what each run sends, and what Omnisend holds after it. As plain as it can be said.

use std::collections::{BTreeMap, BTreeSet};

use omnisend_export::run::Mode;

use crate::{
    brand::{Brand, Contact, Fields, address, tag_of},
    config::{day, mapped, speaks_of_consent},
    consent,
    operations::{Export, Row, Statement},
};

/// Omnisend, and what the export knows of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub brand: Brand,
    /// Whom the export has put there.
    known: BTreeMap<usize, Known>,
    /// The mapping of the last run, if there was one.
    mapping: Option<usize>,
    /// How many contacts each segment of the export had.
    sizes: BTreeMap<usize, u64>,
}

/// What the export knows of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    /// What it was sent as last; `None`: it is to be sent again.
    sent: Option<Fields>,
    /// The segments whose tags it has from us.
    tags: BTreeSet<usize>,
    /// What was last sent of its consent.
    consent: Option<Statement>,
}

/// A contact of the source, or what is sent of it.
#[derive(Debug, Clone, Default)]
struct Member {
    fields: Fields,
    tags: BTreeSet<usize>,
    consent: Option<Statement>,
    /// The latest opt-out in the rows before it, which are invalid, and in those after it.
    early: Option<Statement>,
    opt_out: Option<Statement>,
    /// Nothing but its opt-out is sent.
    alone: bool,
}

/// A run that is planned.
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

/// A run that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub export: &'a Export,
    pub mode: Mode,
    pub allow: bool,
    /// The segments that are run, in the export's order, with their rows.
    pub segments: &'a [(usize, &'a [Row])],
}

impl Model {
    /// What a run does. `pending`: another one that is planned, and not settled.
    pub(crate) fn plan(&self, asked: Asked<'_>, pending: Option<&Plan>) -> Plan {
        let Asked { export, mode, .. } = asked;
        let mut counts = Counts::default();
        let (members, staying) = members(asked, &mut counts);
        let speaks = speaks_of_consent(export.mapping);
        let sends_all = mode == Mode::Full || self.mapping != Some(export.mapping);
        // What a run does that is not settled is done in any case; what it sends may be refused.
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
            let pending_opt_out =
                pending.and_then(|plan| consent::opt_out(plan.sent.get(person)?.consent)).filter(|_| speaks);
            let of_the_row = consent::sent(
                member.consent,
                consent::latest([member.early, pending_opt_out]),
                known.consent,
            );
            let is_there =
                known.sent.as_ref() == Some(&member.fields) && known.tags.is_superset(&member.tags);
            let is_said = of_the_row.is_none() || of_the_row == known.consent;
            if sends_all || !is_there || !is_said {
                let consent = match member.opt_out {
                    Some(_) => consent::latest([of_the_row, member.opt_out, known.consent]),
                    None => of_the_row,
                };
                sent.insert(*person, Member { consent, ..member.clone() });
            } else if member.opt_out.is_some()
                && consent::latest([known.consent, member.opt_out]) != consent::opt_out(known.consent)
            {
                let consent = consent::latest([known.consent, member.opt_out]);
                sent.insert(*person, Member { consent, alone: true, ..Member::default() });
            }
        }
        counts.sent = sent.len() as u64;
        counts.unchanged = members.len() as u64 - counts.sent;
        let untagged = leaving(&known, asked, &members, &staying);
        let sizes: BTreeMap<usize, u64> = asked
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
            stopped: !asked.allow && (is_empty || empties),
            sends_all,
            counts,
            sent,
            untagged: if mode == Mode::Mirror { untagged } else { BTreeMap::new() },
            mapping: export.mapping,
            sizes,
        }
    }

    /// A run was cut short: of each contact that it sends, Omnisend holds the fields that it held, or what the run says.
    /// Which of these is taken from what it holds; the tags may be on their way.
    pub(crate) fn may_have_sent(&mut self, plan: &Plan, found: &Brand) {
        for (person, Member { fields, consent, .. }) in &plan.sent {
            let email = address(*person);
            let Some(seen) = found.get(&email) else { continue };
            let before = self.brand.get(&email).cloned();
            let mut sent = before.clone().unwrap_or_default();
            sent.send(fields, *consent);
            let is_as_it_was = before.is_some_and(|before| before.fields == seen.fields);
            assert!(
                is_as_it_was || sent.fields == seen.fields,
                "{email} is neither as it was nor as it was sent: {seen:?}"
            );
            self.brand.entry(email).or_default().fields.clone_from(&seen.fields);
        }
    }

    /// What Omnisend holds after a run that is settled, of which it refused some.
    pub(crate) fn settle(&mut self, plan: &Plan, export: &Export, refused: &BTreeSet<usize>) -> Counts {
        let mut counts = plan.counts;
        for (person, Member { fields, tags, consent, alone, .. }) in &plan.sent {
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
            known.sent = (!alone).then(|| fields.clone());
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
    /// It is sent with these fields, and this consent.
    fn send(&mut self, fields: &Fields, consent: Option<Statement>) {
        self.fields.extend(fields.clone());
        if let Some(said) = consent {
            self.has_status(if said.opted_out { "unsubscribed" } else { "subscribed" }, said.day.map(day));
        }
    }
}

impl Plan {
    pub(crate) fn tags_taken(&self) -> u64 {
        self.untagged.values().map(|tags| tags.len() as u64).sum()
    }
}

/// The contacts of the source: of somebody who stands there twice the first row counts, and any row's opt-out. And who
/// stands there in a row that is invalid.
fn members(asked: Asked<'_>, counts: &mut Counts) -> (BTreeMap<usize, Member>, BTreeSet<usize>) {
    let mapping = asked.export.mapping;
    let mut members: BTreeMap<usize, Member> = BTreeMap::new();
    let mut invalid: BTreeMap<usize, Option<Statement>> = BTreeMap::new();
    for (segment, rows) in asked.segments {
        for row in *rows {
            counts.read += 1;
            let Some(person) = row.person else {
                counts.invalid += 1;
                continue;
            };
            let said = row.consent.filter(|_| speaks_of_consent(mapping));
            if row.is_bad {
                counts.invalid += 1;
                let early = invalid.entry(person).or_default();
                match members.get_mut(&person) {
                    Some(member) => member.opt_out = consent::latest([member.opt_out, said]),
                    None => *early = consent::latest([*early, said]),
                }
            } else if let Some(member) = members.get_mut(&person) {
                counts.duplicate += 1;
                member.opt_out = consent::latest([member.opt_out, said]);
                member.tags.insert(*segment);
            } else {
                let early = invalid.get(&person).copied().flatten();
                let (fields, tags) = (mapped(mapping, row), BTreeSet::from([*segment]));
                members.insert(person, Member { fields, tags, consent: said, early, ..Member::default() });
            }
        }
    }
    (members, invalid.into_keys().collect())
}

/// Who is to lose which tags: what is not run is not looked at, and what the export gives no more goes with a
/// run of everything.
fn leaving(
    known: &BTreeMap<usize, Known>,
    asked: Asked<'_>,
    members: &BTreeMap<usize, Member>,
    staying: &BTreeSet<usize>,
) -> BTreeMap<usize, BTreeSet<usize>> {
    let in_the_run: BTreeSet<usize> = asked.segments.iter().map(|(segment, _)| *segment).collect();
    let is_whole = asked.export.segments.iter().all(|segment| in_the_run.contains(segment));
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
