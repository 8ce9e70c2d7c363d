//! The format of a list of members: a mark, then the length and the bytes of each member, compressed with zstd.

use std::io::{self, BufReader, Read, Write};

use super::member::Member;
use crate::contact::EmailKey;

/// The first bytes of the uncompressed list: the format's name and version. A format that only appends to members keeps
/// its version, because readers skip bytes that they do not know.
const MARK: &[u8; 8] = b"omnisnp\x01";

/// Fast enough not to slow down planning or settling.
const LEVEL: i32 = -1;

/// How many bytes are passed to the compressor at a time.
const STEP_BYTES: usize = 64 << 10;

/// Reads the members of a list.
pub struct Members<R: Read> {
    from: zstd::Decoder<'static, BufReader<R>>,
    buffer: Vec<u8>,
    at: usize,
    last: Option<EmailKey>,
}

impl<R: Read> Members<R> {
    /// Reads the mark of a list. Fails if the bytes are not a list of this version.
    pub fn new(from: R) -> io::Result<Self> {
        let mut from = zstd::Decoder::new(from)?;
        let mut mark = [0; MARK.len()];
        from.read_exact(&mut mark).map_err(|_| io::Error::other("it is not a list of members"))?;
        if mark != *MARK {
            return Err(io::Error::other("it is not a list of members, or its version is unknown"));
        }
        Ok(Self { from, buffer: Vec::with_capacity(STEP_BYTES * 2), at: 0, last: None })
    }

    /// Reads the next member into `member`, and returns its key; `None` at the end. Fails if the members are not in order,
    /// because a search relies on the order.
    pub fn next(&mut self, member: &mut Member) -> io::Result<Option<EmailKey>> {
        let Some(len) = self.fill(2)?.and_then(|bytes| bytes.first_chunk().copied()).map(u16::from_le_bytes)
        else {
            return Ok(None);
        };
        let whole = 2 + usize::from(len);
        let bytes = self.fill(whole)?.and_then(|bytes| bytes.get(2..whole));
        member.read(bytes.ok_or_else(|| io::Error::other("the list ends in the middle of a member"))?)?;
        self.at += whole;
        let key = member.key();
        if self.last.is_some_and(|last| last.0 >= key.0) {
            return Err(io::Error::other("its members are not in order"));
        }
        self.last = Some(key);
        Ok(Some(key))
    }

    /// Returns the next bytes: at least `want`, or fewer at the end of the list; `None` if no byte is left.
    fn fill(&mut self, want: usize) -> io::Result<Option<&[u8]>> {
        if self.buffer.len() - self.at < want {
            self.buffer.drain(..self.at);
            self.at = 0;
            let more = (STEP_BYTES + want) as u64;
            io::Read::by_ref(&mut self.from).take(more).read_to_end(&mut self.buffer)?;
        }
        let left = self.buffer.get(self.at..).unwrap_or_default();
        Ok((!left.is_empty()).then_some(left))
    }
}

/// Writes a list of members.
pub struct MembersWriter<W: Write> {
    into: zstd::Encoder<'static, W>,
    buffer: Vec<u8>,
}

impl<W: Write> MembersWriter<W> {
    /// Starts an empty list.
    pub fn new(into: W) -> io::Result<Self> {
        let mut into = zstd::Encoder::new(into, LEVEL)?;
        into.include_checksum(true)?;
        Ok(Self { into, buffer: MARK.to_vec() })
    }

    /// Adds a member. Members must be added in the order of their keys.
    pub fn push(&mut self, member: &Member) -> io::Result<()> {
        let start = self.buffer.len();
        self.buffer.extend([0; 2]);
        member.write(&mut self.buffer);
        let len = u16::try_from(self.buffer.len() - start - 2)
            .map_err(|_| io::Error::other("an address is too long"))?;
        if let Some(place) = self.buffer.get_mut(start..start + 2) {
            place.copy_from_slice(&len.to_le_bytes());
        }
        if self.buffer.len() >= STEP_BYTES { self.flush() } else { Ok(()) }
    }

    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.into.finish()
    }

    /// Writes a list of these members, for tests.
    #[cfg(test)]
    pub(crate) fn list<'m>(into: W, members: impl IntoIterator<Item = &'m Member>) -> W {
        let mut writer = Self::new(into).unwrap();
        for member in members {
            writer.push(member).unwrap();
        }
        writer.finish().unwrap()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::Kept, *};
    use crate::{
        contact::{Channels, ContactHash},
        run::TagSet,
    };

    fn members() -> impl Strategy<Value = Vec<Member>> {
        let member = ("[a-zé]{1,40}@b.co", any::<u128>(), any::<u32>(), any::<i64>()).prop_map(
            |(email, hash, tags, consent)| Member {
                email,
                hash: ContactHash(hash),
                tags: TagSet(tags),
                consent: Channels { email: Kept(consent), sms: Kept::NOTHING },
            },
        );
        prop::collection::vec(member, 0..200).prop_map(|mut members| {
            members.sort_by_key(|member| member.key().0);
            members.dedup_by_key(|member| member.key().0);
            members
        })
    }

    fn written(members: &[Member]) -> Vec<u8> {
        MembersWriter::list(Vec::new(), members)
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<Member>> {
        let mut members = Members::new(bytes)?;
        let (mut all, mut member) = (Vec::new(), Member::default());
        while let Some(key) = members.next(&mut member)? {
            assert_eq!(key, member.key());
            all.push(member.clone());
        }
        Ok(all)
    }

    proptest! {
        #[test]
        fn reads_the_members_that_it_wrote(members in members()) {
            prop_assert_eq!(read(&written(&members)).unwrap(), members);
        }

        #[test]
        fn rejects_a_list_that_is_cut_off(members in members(), cut in 0.0..1.0) {
            let whole = written(&members);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in the list")]
            let cut = (whole.len() as f64 * cut) as usize;
            prop_assert!(read(&whole[..cut]).is_err());
        }
    }

    #[test]
    fn skips_what_a_later_version_adds_to_a_member() {
        let member = Member { email: "ada@example.com".to_owned(), tags: TagSet(3), ..Member::default() };
        let mut bytes = Vec::new();
        member.write(&mut bytes);
        bytes.extend(b"and more");
        let mut back = Member::default();
        back.read(&bytes).unwrap();
        assert_eq!(back, member);
    }

    #[test]
    fn rejects_a_list_that_is_not_sorted() {
        let mut pair: Vec<Member> =
            ["a@b.co", "b@b.co"].map(|email| Member { email: email.to_owned(), ..Member::default() }).into();
        pair.sort_by_key(|member| std::cmp::Reverse(member.key().0));
        assert_eq!(read(&written(&pair)).unwrap_err().to_string(), "its members are not in order");
        assert_eq!(read(b"nothing").unwrap_err().to_string(), "it is not a list of members");
    }
}
