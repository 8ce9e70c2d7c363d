//! Ids: 24 hexadecimal digits, as Omnisend's are. An id contains its record's index, so that finding the record needs no
//! map, and ids do not increase with time, so that no client relies on their order.

/// What an id identifies.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Brand = 0x5a,
    Contact = 0x6f,
    Batch = 0x61,
    Segment = 0x66,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Contact => "contact",
            Self::Batch => "batch",
            Self::Segment => "segment",
        }
    }
}

/// An odd factor and its inverse modulo 2^64.
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
const UNMIX: u64 = 0xF1DE_83E1_9937_733D;

/// Returns the id of a brand's record of one kind.
pub(crate) fn id(kind: Kind, brand: usize, index: usize) -> String {
    format!("{:02x}{brand:06x}{:016x}", kind as u8, mixed(index))
}

/// Returns the id of one item of a batch.
pub(crate) fn item(batch: usize, item: usize) -> String {
    format!("{item:08x}{:016x}", mixed(batch))
}

/// Returns the index that an id contains, if it is an id of that kind and brand.
pub(crate) fn index(kind: Kind, brand: usize, text: &str) -> Option<usize> {
    let digits = text.strip_prefix(&format!("{:02x}{brand:06x}", kind as u8))?;
    let well_formed = digits.len() == 16 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let mixed = well_formed.then(|| u64::from_str_radix(digits, 16).ok()).flatten()?;
    usize::try_from(mixed.wrapping_mul(UNMIX).wrapping_sub(1)).ok()
}

fn mixed(index: usize) -> u64 {
    // Adding one keeps the first id from being all zeros.
    (index as u64).wrapping_add(1).wrapping_mul(MIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_valid_only_for_its_own_kind_and_brand() {
        for n in [0, 1, 99, 1_000_000, usize::MAX - 1] {
            let text = id(Kind::Contact, 3, n);
            assert_eq!(text.len(), 24);
            assert_eq!(index(Kind::Contact, 3, &text), Some(n));
            assert_eq!(index(Kind::Contact, 4, &text), None);
            assert_eq!(index(Kind::Batch, 3, &text), None);
        }
        for text in ["", "6f", "6f000003zzzzzzzzzzzzzzzz", "6f000003+000000000000001"] {
            assert_eq!(index(Kind::Contact, 3, text), None, "{text}");
        }
    }
}
