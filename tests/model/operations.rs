//! The operations, and how they are generated.

use std::{collections::BTreeSet, fmt};

use omnisend_export::run::Mode;
use omnisend_sandbox::TagMode;
use proptest::{collection, prelude::*, sample::subsequence};

use crate::gate::Moment;

/// The number of people who may be in a segment.
pub(crate) const PEOPLE: usize = 12;
/// The number of people, including those who are only contacts of other clients.
const ALL_PEOPLE: usize = PEOPLE + 3;

/// The number of segments that an export may have.
pub(crate) const SEGMENTS: usize = 3;

/// The number of mappings that an export may have. Only the last one maps consent.
pub(crate) const MAPPINGS: usize = 5;

/// Tags that no export adds.
pub(crate) const FOREIGN: [&str; 2] = ["newsletter", "segments"];

/// A sequence of operations, and its world.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub world: Setup,
    pub operations: Vec<Operation>,
}

impl fmt::Display for Story {
    /// Writes one line for the world and one for each operation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.world)?;
        self.operations.iter().try_for_each(|operation| write!(f, "\n  {operation:?}"))
    }
}

/// The world before the first operation.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Whether Omnisend adds or replaces an upsert's tags.
    pub tag_mode: TagMode,
    /// Whether the connection forces tags in upserts, so that it needs no canary.
    pub forces_inline: bool,
    pub batch_size: u32,
    pub create_segment: bool,
    pub export: Export,
    /// Each segment's first file.
    pub files: Vec<Vec<Row>>,
    /// Edits of other clients before the first run.
    pub before: Vec<(usize, Edit)>,
    /// How the processes of the first run are killed; that run has the canary.
    pub kills: Vec<Kill>,
}

/// What may change in an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Export {
    pub mode: Mode,
    pub mapping: usize,
    /// The segments, in order.
    pub segments: Vec<usize>,
}

/// A row of a segment's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// `None` if the row has no address.
    pub person: Option<usize>,
    pub name: &'static str,
    pub nick: &'static str,
    pub consent: Option<Statement>,
    /// Whether another cell makes the row invalid.
    pub is_bad: bool,
}

/// A statement of email consent. Its day is `None` if it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statement {
    pub opted_out: bool,
    pub day: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// A new file of a segment, and the run that its event starts.
    Drop { segment: usize, rows: Vec<Row>, run: Run },
    /// Two new files of a segment, one after the other, before anything of the first run is sent.
    DropTwice { segment: usize, first: Vec<Row>, second: Vec<Row>, kills: Vec<Kill> },
    /// A new file without an event.
    Put { segment: usize, rows: Vec<Row> },
    /// A run of every segment.
    Schedule(Run),
    /// A run of every segment in a mode of its own.
    Call { mode: Mode, run: Run },
    /// A run that is canceled if its process was killed, and then a run that sends everyone.
    Cancel(Kill),
    /// A change of the export.
    Change(Change),
    /// The people that Omnisend rejects from now on.
    Refuse(BTreeSet<usize>),
    /// An edit of another client.
    Outside { person: usize, edit: Edit },
}

#[derive(Debug, Clone)]
pub(crate) enum Change {
    Mode(Mode),
    Mapping(usize),
    Segments(Vec<usize>),
}

/// The options of a run, and what happens to its processes.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Whether all guards are allowed.
    pub allow: bool,
    /// How its first processes are killed, one after another. The next process survives.
    pub kills: Vec<Kill>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Kill {
    pub at: KillAt,
    pub moment: Moment,
    /// Whether the queue survives the process, as SQS does, or dies with it, as on a laptop.
    pub queue_survives: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum KillAt {
    /// At the n-th write.
    Write(u32),
    /// At the n-th request to Omnisend.
    Request(u32),
}

/// An edit of a contact by another client. `Field` and `Status` create a contact that does not exist.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Edit {
    Field(&'static str, &'static str),
    Status(&'static str),
    AddTag(AnyTag),
    RemoveTag(AnyTag),
    Delete,
}

/// The tag of a segment, or a foreign tag.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AnyTag {
    Ours(usize),
    Foreign(&'static str),
}

pub(crate) fn story() -> impl Strategy<Value = Story> {
    (setup(), collection::vec(operation(), 1..10)).prop_map(|(world, operations)| Story { world, operations })
}

fn setup() -> impl Strategy<Value = Setup> {
    let tags = prop_oneof![
        2 => Just((TagMode::Add, false)),
        1 => Just((TagMode::Add, true)),
        2 => Just((TagMode::Replace, false)),
    ];
    let batch_size = prop_oneof![Just(100), Just(2)];
    let files = collection::vec(rows(), SEGMENTS);
    let before = collection::vec((0..ALL_PEOPLE, edit()), 0..8);
    (tags, batch_size, any::<bool>(), export(), files, before, kills()).prop_map(
        |((tag_mode, forces_inline), batch_size, create_segment, export, files, before, kills)| Setup {
            tag_mode,
            forces_inline,
            batch_size,
            create_segment,
            export,
            files,
            before,
            kills,
        },
    )
}

fn export() -> impl Strategy<Value = Export> {
    (mode(), mapping(), segments()).prop_map(|(mode, mapping, segments)| Export { mode, mapping, segments })
}

fn mapping() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..MAPPINGS - 1, 2 => Just(MAPPINGS - 1)]
}

fn segments() -> impl Strategy<Value = Vec<usize>> {
    subsequence((0..SEGMENTS).collect::<Vec<_>>(), 1..=SEGMENTS).prop_shuffle()
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => mode().prop_map(Change::Mode),
        1 => mapping().prop_map(Change::Mapping),
        3 => segments().prop_map(Change::Segments),
    ]
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![3 => Just(Mode::Changes), 3 => Just(Mode::Mirror), 1 => Just(Mode::Full)]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let person = prop_oneof![12 => (0..PEOPLE).prop_map(Some), 1 => Just(None)];
    let name = prop_oneof![3 => Just("Ada"), 2 => Just("Bo"), 1 => Just("")];
    let nick = prop_oneof![Just("x"), Just("")];
    let day = prop_oneof![5 => (1..6_u32).prop_map(Some), 1 => Just(None)];
    let statement = (any::<bool>(), day).prop_map(|(opted_out, day)| Statement { opted_out, day });
    let consent = prop_oneof![2 => Just(None), 3 => statement.prop_map(Some)];
    let is_bad = prop::bool::weighted(0.1);
    let row = (person, name, nick, consent, is_bad).prop_map(|(person, name, nick, consent, is_bad)| Row {
        person,
        name,
        nick,
        consent,
        is_bad,
    });
    collection::vec(row, 0..11)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (0..SEGMENTS, rows(), run())
            .prop_map(|(segment, rows, run)| Operation::Drop { segment, rows, run }),
        1 => (0..SEGMENTS, rows(), rows(), kills())
            .prop_map(|(segment, first, second, kills)| Operation::DropTwice { segment, first, second, kills }),
        1 => kill().prop_map(Operation::Cancel),
        3 => (0..SEGMENTS, rows()).prop_map(|(segment, rows)| Operation::Put { segment, rows }),
        4 => run().prop_map(Operation::Schedule),
        2 => (mode(), run()).prop_map(|(mode, run)| Operation::Call { mode, run }),
        3 => change().prop_map(Operation::Change),
        2 => collection::btree_set(0..PEOPLE, 0..4).prop_map(Operation::Refuse),
        4 => (0..ALL_PEOPLE, edit()).prop_map(|(person, edit)| Operation::Outside { person, edit }),
    ]
}

fn run() -> impl Strategy<Value = Run> {
    (prop::bool::weighted(0.8), kills()).prop_map(|(allow, kills)| Run { allow, kills })
}

fn kills() -> impl Strategy<Value = Vec<Kill>> {
    prop_oneof![2 => Just(0..1), 1 => Just(1..3)].prop_flat_map(|n| collection::vec(kill(), n))
}

fn kill() -> impl Strategy<Value = Kill> {
    let at = prop_oneof![(0..20_u32).prop_map(KillAt::Write), (0..12_u32).prop_map(KillAt::Request)];
    let moment = prop_oneof![Just(Moment::Before), Just(Moment::After)];
    (at, moment, any::<bool>()).prop_map(|(at, moment, queue_survives)| Kill { at, moment, queue_survives })
}

fn edit() -> impl Strategy<Value = Edit> {
    let tag = || {
        prop_oneof![
            (0..SEGMENTS).prop_map(AnyTag::Ours),
            (0..FOREIGN.len()).prop_map(|n| AnyTag::Foreign(FOREIGN[n])),
        ]
    };
    prop_oneof![
        2 => prop_oneof![Just("firstName"), Just("lastName")].prop_map(|name| Edit::Field(name, "Else")),
        2 => prop_oneof![Just("subscribed"), Just("unsubscribed")].prop_map(Edit::Status),
        3 => tag().prop_map(Edit::AddTag),
        2 => tag().prop_map(Edit::RemoveTag),
        1 => Just(Edit::Delete),
    ]
}
