//! A batch that is larger than what is published, tried once, alone: it shows how many contacts Omnisend takes.

use super::{StageContext, UploadError, UploadOptions, cut::cut, inline, left, unpacked};
use crate::{
    kill_point,
    omnisend::{CallError, Patience, Permanent, batch_body},
    run::{Batch, BatchFinding, ChunkRef, Contacts, Manifest, PUBLISHED_BATCH, Progress, TagWay},
    stage::chunk::ChunkContacts,
};

/// Posts so many of a chunk's contacts in one batch, unless it has fewer. What Omnisend takes of them is written down as
/// sent. `None` where it shows nothing: then the upload goes on as if nobody had tried.
pub async fn try_larger(
    context: &StageContext<'_>,
    manifest: &Manifest,
    chunk: u32,
    options: &UploadOptions,
    contacts_to_try: u32,
) -> Result<Option<BatchFinding>, UploadError> {
    let (run, records) = (&manifest.run, context.records());
    let key = manifest.chunk_key(chunk);
    let unpacked = unpacked(&records, &key).await?;
    let stored = ChunkContacts::new(&key, &unpacked).all()?;
    let mut receipt = records.sent_of(run, chunk).await?;
    let tags = inline(manifest, options.tags);
    let first = cut(&stored, &tags, contacts_to_try, left(&receipt, stored.len())).into_iter().next();
    // Fewer, for their number or their size, show nothing of how many there may be.
    let Some(first) = first.filter(|first| first.places.len() == contacts_to_try as usize) else {
        return Ok(None);
    };
    let bodies = first.places.iter().filter_map(|place| stored.get(*place as usize));
    let body = batch_body(bodies.map(|stored| (stored.contact, stored.of.tags)), &tags);
    let patience = Patience { deadline: context.deadline, ..Patience::default() };
    let before = context.client.usage();
    let slot = context.client.pacer().slot().await;
    let posted = context.client.post_batch(slot, body, patience).await;
    let usage = context.client.usage();
    let found = |contacts: u32, says: &str| BatchFinding {
        contacts,
        says: says.to_owned(),
        at: context.ports.clock.now(),
        run: run.clone(),
    };
    let finding = match posted {
        Ok(posted) if posted.total_count.is_none_or(|taken| taken == u64::from(contacts_to_try)) => {
            kill_point::reach("upload.tried");
            receipt.batches.push(Batch {
                batch_id: posted.batch_id,
                contacts: Contacts::from(first.places),
                posted_at: context.ports.clock.now(),
            });
            if options.tags == TagWay::Endpoint {
                receipt.tags = options.tags;
            }
            Some(found(contacts_to_try, "Omnisend took a batch of as many"))
        }
        // Which of them it took is not known: all are sent again.
        Ok(_) => Some(found(PUBLISHED_BATCH, "Omnisend counted fewer in a larger batch")),
        Err(CallError::Permanent(refusal)) if is_of_the_size(&refusal) => {
            Some(found(PUBLISHED_BATCH, &format!("Omnisend refused a larger batch: {refusal}")))
        }
        // The upload meets the same, and says it.
        Err(_) => None,
    };
    receipt.requests += usage.requests - before.requests;
    receipt.throttled += usage.throttled - before.throttled;
    receipt.batches.sort_by_key(|batch| batch.contacts.first());
    records.write(&ChunkRef::of(run, chunk), &Progress(receipt)).await?;
    Ok(finding)
}

/// Whether a refusal is about how many items there are, and not about one of them.
fn is_of_the_size(refusal: &Permanent) -> bool {
    let names_the_list = refusal.problem.errors.iter().any(|error| error.field.as_deref() == Some("items"));
    refusal.status == 413 || (matches!(refusal.status, 400 | 422) && names_the_list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::omnisend::Problem;

    #[test]
    fn only_a_refusal_of_the_list_itself_is_about_its_size() {
        let is = |status, body: &str| {
            is_of_the_size(&Permanent { status, problem: Problem::parse(body.as_bytes()) })
        };
        assert!(is(400, r#"{"errors": [{"field": "items", "code": "tooMany"}]}"#));
        assert!(is(422, r#"{"errors": [{"field": "items[0].id"}, {"field": "items"}]}"#));
        assert!(is(413, ""));
        assert!(!is(400, r#"{"errors": [{"field": "items[0].tags", "code": "tooMany"}]}"#));
        assert!(!is(400, "{}"));
        assert!(!is(403, r#"{"errors": [{"field": "items"}]}"#));
    }
}
