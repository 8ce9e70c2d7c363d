//! Generates a sample segment that is as messy as real ones. The same seed gives the same file.

use std::io;

use fastrand::Rng;

const FIRST: [&str; 12] = [
    "Ada",
    "José",
    "Zoë",
    "Łukasz",
    "Søren",
    "太郎",
    "花子",
    "Anne-Marie",
    "O'Neil",
    "Müge",
    "Chloé",
    "Björn",
];
const LAST: [&str; 12] = [
    "Lovelace",
    "García",
    "Brontë",
    "Wałęsa",
    "Kierkegaard",
    "田中",
    "佐藤",
    "van der Berg",
    "D'Arcy",
    "Öztürk",
    "Lefèvre",
    "Smith, Jr.",
];
const CITIES: [(&str, &str); 8] = [
    ("London", "GB"),
    ("Köln", "DE"),
    ("São Paulo", "BR"),
    ("東京", "JP"),
    ("Kraków", "PL"),
    ("Montréal", "CA"),
    ("Reykjavík", "IS"),
    ("İstanbul", "TR"),
];
const BAD_EMAILS: [&str; 6] = [
    "not an address",
    "@example.com",
    "nobody@",
    "two@at@example.com",
    "a b@example.com",
    "no-tld@localhost",
];
const TIERS: [&str; 4] = ["gold", "silver", "bronze", ""];

/// The counts of a generated sample. The report of its export must have the same counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub rows: u64,
    pub invalid: u64,
    pub duplicate: u64,
    pub valid: u64,
}

/// Writes a sample of `rows` rows: about 3 % without a valid address, 4 % duplicates, and the rest with accents, Japanese
/// names, quotes and line breaks in their cells.
pub(super) fn write(rows: u64, seed: u64, to: impl io::Write) -> Result<Contents, csv::Error> {
    let mut rng = Rng::with_seed(seed);
    let mut contents = Contents::default();
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
    csv.write_record([
        "CustomerId",
        "EMail",
        "FirstName",
        "LastName",
        "Telephone",
        "Address",
        "City",
        "CountryCode",
        "BirthDate",
        "Gender",
        "LoyaltyTier",
        "LTV",
        "Likes",
    ])?;
    for row in 0..rows {
        contents.rows += 1;
        let email = match rng.u32(0..100) {
            0 => String::new(),
            1..=2 => pick(&mut rng, &BAD_EMAILS).to_owned(),
            3..=6 if contents.valid > 0 => {
                // An earlier address, in upper case or with white space around it.
                let earlier = address(rng.u64(0..contents.valid));
                if rng.bool() { earlier.to_uppercase() } else { format!(" {earlier} ") }
            }
            _ => address(contents.valid),
        };
        // Counts by how the row was generated, not by the product's own rules.
        if email.trim().to_lowercase() == address(contents.valid) {
            contents.valid += 1;
        } else if email.trim().to_lowercase().starts_with("person.") {
            contents.duplicate += 1;
        } else {
            contents.invalid += 1;
        }
        let (city, country) = pick(&mut rng, &CITIES);
        let phone = if rng.u32(0..10) == 0 {
            "call me".to_owned()
        } else {
            format!("+4420{:08}", rng.u32(..100_000_000))
        };
        let born = if rng.u32(0..20) == 0 {
            "31.02.1980".to_owned()
        } else {
            format!("{}-{:02}-{:02}", rng.u32(1940..2008), rng.u32(1..13), rng.u32(1..29))
        };
        let street = match rng.u32(0..3) {
            0 => format!("{} \"The Elms\", High Street", rng.u32(1..200)),
            1 => format!("{} Rue de l'Été\nBâtiment C", rng.u32(1..200)),
            _ => String::new(),
        };
        csv.write_record([
            format!("C-{row:07}").as_str(),
            &email,
            pick(&mut rng, &FIRST),
            pick(&mut rng, &LAST),
            &phone,
            &street,
            city,
            country,
            &born,
            pick(&mut rng, &["f", "m", "Female", "male", "", "-"]),
            pick(&mut rng, &TIERS),
            &format!("{}.{:02}", rng.u32(0..5000), rng.u32(0..100)),
            pick(&mut rng, &["shoes|hats", "books", "", "tea | coffee"]),
        ])?;
    }
    csv.flush()?;
    Ok(contents)
}

fn address(n: u64) -> String {
    format!("person.{n}@example.com")
}

fn pick<T: Copy + Default>(rng: &mut Rng, from: &[T]) -> T {
    rng.choice(from).copied().unwrap_or_default()
}
