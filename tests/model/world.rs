//! The world of a story: the sandbox, the state, the process between them, and the model.

use std::{collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;
use omnisend_export::{
    app::RunOptions,
    keys::{Location, Pinned, Prefix, RunRef},
    ports::{
        clock::{Clock as _, SystemClock},
        objects::{Objects as _, Put},
        queue::MemoryQueue,
    },
    run::{GuardName, Mode, Report, State, Trigger},
};

use crate::omnisend::Omnisend;
use crate::{
    brand::{self, Brand, address},
    clock::Stepped,
    compare, config,
    memory::Memory,
    model::{Model, Plan, Requested},
    operations::{Change, Edit, Export, Kill, KillAt, Operation, Row, Run, SEGMENTS, Setup, Story},
    process::{self, Process},
    tally::Tally,
};

/// Contacts in a chunk: see `seeds`.
pub(crate) const CHUNK: u64 = 4;

struct World<'t> {
    tally: &'t Tally,
    setup: Setup,
    export: Export,
    files: Vec<Vec<Row>>,
    refused: BTreeSet<usize>,
    model: Model,
    omnisend: Omnisend,
    clock: Arc<Stepped>,
    objects: Arc<Memory>,
    queue: Arc<MemoryQueue>,
    process: Option<Process>,
    calls: u32,
}

/// Runs a story, and fails if Omnisend differs from the model. Returns the contacts at the end.
pub(crate) async fn run_story(story: &Story, http: &reqwest::Client, tally: &Tally) -> Brand {
    let mut world = World::new(&story.world, http.clone(), tally).await;
    let outside = |&(person, edit): &(usize, Edit)| Operation::Outside { person, edit };
    let mut first: Vec<Operation> = story.world.before.iter().map(outside).collect();
    first.push(Operation::Schedule(Run { allow: true, kills: story.world.kills.clone() }));
    for operation in first.iter().chain(&story.operations) {
        world.clock.advance(SignedDuration::from_mins(1));
        world.apply(operation).await;
    }
    world.omnisend.state().await.brand
}

impl<'t> World<'t> {
    async fn new(setup: &Setup, http: reqwest::Client, tally: &'t Tally) -> Self {
        let clock = Arc::new(Stepped::starting(SystemClock.now()));
        let mut world = Self {
            tally,
            setup: setup.clone(),
            export: setup.export.clone(),
            files: vec![Vec::new(); SEGMENTS],
            refused: BTreeSet::new(),
            model: Model::default(),
            omnisend: Omnisend::start(setup, http).await,
            objects: Arc::new(Memory::new(clock.clone())),
            clock,
            queue: process::queue(),
            process: None,
            calls: 0,
        };
        world.write("connections/acme.toml", &config::connection(setup)).await;
        world.write_export().await;
        for (segment, rows) in setup.files.iter().enumerate() {
            world.put(segment, rows).await;
        }
        world
    }

    async fn apply(&mut self, operation: &Operation) {
        compare::same_brand(&self.omnisend.state().await.brand, &self.model.brand);
        match operation {
            Operation::Drop { segment, rows, run } => {
                let dropped = self.put(*segment, rows).await;
                if self.export.segments.contains(segment) {
                    let trigger = Trigger::Drop { objects: vec![dropped] };
                    self.run(trigger, self.export.mode, None, &[*segment], run).await;
                }
            }
            Operation::DropTwice { segment, first, second, kills } => {
                self.drop_twice(*segment, [first, second], kills).await;
            }
            Operation::Cancel(kill) => self.cancel(*kill).await,
            Operation::Put { segment, rows } => _ = self.put(*segment, rows).await,
            Operation::Schedule(run) => {
                let trigger = Trigger::Schedule { at: self.clock.now() };
                let all = self.export.segments.clone();
                self.run(trigger, self.export.mode, None, &all, run).await;
            }
            Operation::Call { mode, run } => {
                self.calls += 1;
                let trigger = Trigger::Call { at: self.clock.now(), request: self.calls.to_string() };
                let all = self.export.segments.clone();
                self.run(trigger, *mode, Some(*mode), &all, run).await;
            }
            Operation::Change(change) => {
                match change.clone() {
                    Change::Mode(mode) => self.export.mode = mode,
                    Change::Mapping(mapping) => self.export.mapping = mapping,
                    Change::Segments(segments) => self.export.segments = segments,
                }
                self.write_export().await;
            }
            Operation::Refuse(people) => {
                self.refused.clone_from(people);
                self.omnisend.refuse(people).await;
            }
            Operation::Outside { person, edit } => {
                if let Edit::Delete = edit {
                    let exists = self.model.brand.contains_key(&address(*person));
                    self.tally.add("contacts deleted by other clients", exists.into());
                }
                brand::edit(&mut self.model.brand, *person, *edit);
                self.omnisend.edit(*person, *edit).await;
            }
        }
    }

    /// Runs the export once, in as many processes as it takes.
    async fn run(
        &mut self,
        trigger: Trigger,
        mode: Mode,
        requested_mode: Option<Mode>,
        segments: &[usize],
        run: &Run,
    ) {
        let before = self.omnisend.state().await;
        let plan = self.plan(mode, run.allow, segments, None);
        let allow = if run.allow { GuardName::ALL.into() } else { [].into() };
        let options = RunOptions { mode: requested_mode, allow, ..RunOptions::default() };
        let (reports, killed) = self.until_over(&[(trigger, options)], &run.kills).await;
        let report = &reports[0];
        let after = self.omnisend.state().await;
        compare::invariants(&after);
        self.check_snapshot_objects().await;
        self.tally.add("runs", 1);
        self.tally.add("processes killed", killed);
        self.tally.add("runs that were killed twice", (killed > 1).into());
        if plan.stopped {
            self.tally.add("runs that a guard stopped", 1);
            assert_eq!(report.state, State::Stopped, "{:?}", report.message);
            assert_eq!(after.requests, before.requests, "a stopped run sent requests");
            return compare::same_brand(&after.brand, &self.model.brand);
        }
        let counts = self.model.settle(&plan, &self.export, &self.refused);
        compare::same_brand(&after.brand, &self.model.brand);
        compare::same_counts(report, counts);
        let sent_contacts = after.contacts_sent - before.contacts_sent;
        let twice = sent_contacts.checked_sub(counts.sent);
        self.tally.add("runs that sent everyone", plan.sends_all.into());
        self.tally.add("contacts sent", counts.sent);
        self.tally.add("contacts unchanged", counts.unchanged);
        self.tally.add("contacts rejected", counts.rejected);
        self.tally.add("contacts sent twice after a kill", twice.unwrap_or_default());
        self.tally.add("tags removed", plan.tags_removed());
        assert!(
            twice.is_some_and(|twice| twice <= killed * CHUNK),
            "{} contacts had to be sent, and Omnisend accepted {sent_contacts}; {killed} processes were killed",
            counts.sent
        );
        if self.setup.create_segment {
            for segment in &self.export.segments {
                assert!(after.segments.contains(&format!("S{segment}")), "{:?}", after.segments);
            }
        }
    }

    /// Runs a segment twice. The second run is planned before the first sends anything.
    async fn drop_twice(&mut self, segment: usize, files: [&[Row]; 2], kills: &[Kill]) {
        if !self.export.segments.contains(&segment) {
            return;
        }
        let before = self.omnisend.state().await;
        let (mut plans, mut requests): (Vec<Plan>, Vec<_>) = (Vec::new(), Vec::new());
        for rows in files {
            let dropped = self.put(segment, rows).await;
            plans.push(self.plan(self.export.mode, true, &[segment], plans.first()));
            let options = RunOptions { allow: GuardName::ALL.into(), ..RunOptions::default() };
            requests.push((Trigger::Drop { objects: vec![dropped] }, options));
            // The first run is planned before its file is replaced.
            if requests.len() == 1 {
                let (trigger, options) = requests[0].clone();
                self.process().start(trigger, options).await;
            }
            self.clock.advance(SignedDuration::from_mins(1));
        }
        let (reports, killed) = self.until_over(&requests, kills).await;
        self.tally.add("runs planned before another was settled", 1);
        let mut sent = 0;
        for (plan, report) in plans.iter().zip(&reports) {
            let counts = self.model.settle(plan, &self.export, &self.refused);
            compare::same_counts(report, counts);
            sent += counts.sent;
        }
        let after = self.omnisend.state().await;
        compare::invariants(&after);
        compare::same_brand(&after.brand, &self.model.brand);
        let twice = (after.contacts_sent - before.contacts_sent).checked_sub(sent);
        assert!(twice.is_some_and(|twice| twice <= killed * CHUNK), "{sent}, {twice:?}, {killed}");
    }

    /// Kills the process of a run and cancels the run. The model cannot know how much was sent, so a run that sends
    /// everyone follows.
    async fn cancel(&mut self, kill: Kill) {
        let unharmed = Run { allow: true, kills: Vec::new() };
        self.calls += 1;
        let trigger = Trigger::Call { at: self.clock.now(), request: self.calls.to_string() };
        let options =
            RunOptions { mode: Some(Mode::Changes), allow: GuardName::ALL.into(), ..RunOptions::default() };
        let all = self.export.segments.clone();
        let plan = self.plan(Mode::Changes, true, &all, None);
        let requests = [(trigger.clone(), options)];
        if self.until_killed(&requests, kill).await.is_some() {
            self.model.settle(&plan, &self.export, &self.refused);
        } else {
            let run = RunRef { run: trigger.run_id(&"vip".parse().unwrap()), export: "vip".parse().unwrap() };
            self.process().cancel(&run).await;
            let reports = self.process().run(&requests).await;
            self.tally.add("runs canceled", (reports[0].state == State::Canceled).into());
            // Its counts add up, or it would have no report. Its contacts may have the new fields.
            let seen = self.omnisend.state().await;
            compare::invariants(&seen);
            self.model.may_have_sent(&plan, &seen.brand);
        }
        self.clock.advance(SignedDuration::from_mins(1));
        self.calls += 1;
        let trigger = Trigger::Call { at: self.clock.now(), request: self.calls.to_string() };
        self.run(trigger, Mode::Full, Some(Mode::Full), &all, &unharmed).await;
    }

    fn plan(&self, mode: Mode, allow: bool, segments: &[usize], pending: Option<&Plan>) -> Plan {
        let in_order = self.export.segments.iter().filter(|segment| segments.contains(segment));
        let segments: Vec<(usize, &[Row])> =
            in_order.map(|segment| (*segment, self.files[*segment].as_slice())).collect();
        let requested = Requested { export: &self.export, mode, allow, segments: &segments };
        self.model.plan(requested, pending)
    }

    /// Runs until every run is over, in as many processes as it takes. Returns the reports and the number of killed
    /// processes.
    async fn until_over(&mut self, requests: &[(Trigger, RunOptions)], kills: &[Kill]) -> (Vec<Report>, u64) {
        let mut killed = 0;
        for kill in kills {
            match self.until_killed(requests, *kill).await {
                Some(reports) => return (reports, killed),
                None => killed += 1,
            }
        }
        (self.process().run(requests).await, killed)
    }

    /// Runs until every run is over. Returns `None` if the process is killed before.
    async fn until_killed(&mut self, requests: &[(Trigger, RunOptions)], kill: Kill) -> Option<Vec<Report>> {
        self.process();
        let process = self.process.as_ref()?;
        let hung = match kill.at {
            KillAt::Write(n) => {
                process.gate.kill_at(n, kill.moment);
                None
            }
            KillAt::Request(n) => Some(self.omnisend.hang(n, kill.moment).await),
        };
        let silence = async {
            match hung {
                Some(fault) => self.omnisend.hung(fault).await,
                None => std::future::pending().await,
            }
        };
        let reports = tokio::select! {
            biased;
            () = process.gate.died() => None,
            () = silence => {
                process.gate.kill();
                None
            }
            reports = process.run(requests) => Some(reports),
        };
        process.gate.spare();
        if hung.is_some() {
            self.omnisend.refuse(&self.refused).await;
        }
        if reports.is_none() {
            process.release_in_flight().await;
            self.process = None;
            if !kill.queue_survives {
                self.queue = process::queue();
            }
        }
        reports
    }

    fn process(&mut self) -> &Process {
        let Self { objects, queue, clock, omnisend, .. } = self;
        self.process.get_or_insert_with(|| {
            Process::new(objects.clone(), queue.clone(), clock.clone(), &omnisend.url())
        })
    }

    /// Fails if the snapshot has more objects than the present list of members, the list before it, and the object that
    /// names them.
    async fn check_snapshot_objects(&self) {
        let kept =
            self.objects.list(&Prefix::Source(Location::state("snapshots/".to_owned()))).await.unwrap();
        let kept: Vec<_> = kept.iter().map(|object| &object.location.key).collect();
        assert!(kept.len() <= 3, "objects of the snapshot: {kept:?}");
    }

    async fn put(&mut self, segment: usize, rows: &[Row]) -> Pinned {
        self.files[segment] = rows.to_vec();
        let path = format!("segments/s{segment}/all.csv");
        self.write(&path, &config::segment(rows)).await;
        self.objects.head(&Location::state(path)).await.unwrap()
    }

    async fn write_export(&self) {
        let text = config::export(&self.export, self.setup.create_segment);
        self.write("exports/acme/vip.toml", &text).await;
    }

    async fn write(&self, path: &str, text: &str) {
        let at = Location::state(path.to_owned());
        self.objects.put(&at, text.to_owned().into(), Put::Replace).await.unwrap();
    }
}

impl Process {
    /// Starts every run, handles all messages, and returns the reports.
    async fn run(&self, requests: &[(Trigger, RunOptions)]) -> Vec<Report> {
        let mut runs = Vec::new();
        for (trigger, options) in requests {
            runs.push(self.start(trigger.clone(), options.clone()).await);
        }
        self.drain().await;
        let mut reports = Vec::new();
        for run in runs {
            reports.push(self.report(&run).await);
        }
        reports
    }
}
