//! A world in which a story happens: the sandbox, the state, the process between them, and the model beside.

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

use crate::{
    brand::{self, Brand, address},
    clock::Stepped,
    compare, config,
    memory::Memory,
    model::{Asked, Model, Plan},
    omnisend::Omnisend,
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

/// Tells a story, and fails where the world is not as the model. Answers with what Omnisend holds at its end.
pub(crate) async fn tell(story: &Story, http: &reqwest::Client, tally: &Tally) -> Brand {
    let mut world = World::new(&story.world, http.clone(), tally).await;
    let outside = |&(person, edit): &(usize, Edit)| Operation::Outside { person, edit };
    let mut first: Vec<Operation> = story.world.before.iter().map(outside).collect();
    first.push(Operation::Schedule(Run { allow: true, kills: story.world.kills.clone() }));
    for operation in first.iter().chain(&story.operations) {
        world.clock.advance(SignedDuration::from_mins(1));
        world.happens(operation).await;
    }
    world.omnisend.look().await.brand
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

    async fn happens(&mut self, operation: &Operation) {
        compare::same_brand(&self.omnisend.look().await.brand, &self.model.brand);
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
                    let is_there = self.model.brand.contains_key(&address(*person));
                    self.tally.add("people deleted by others", is_there.into());
                }
                brand::edit(&mut self.model.brand, *person, *edit);
                self.omnisend.edit(*person, *edit).await;
            }
        }
    }

    /// One run, whatever becomes of its processes.
    async fn run(
        &mut self,
        trigger: Trigger,
        mode: Mode,
        asked_mode: Option<Mode>,
        segments: &[usize],
        run: &Run,
    ) {
        let before = self.omnisend.look().await;
        let plan = self.plan(mode, run.allow, segments, None);
        let allow = if run.allow { GuardName::ALL.into() } else { [].into() };
        let options = RunOptions { mode: asked_mode, allow, ..RunOptions::default() };
        let (reports, killed) = self.until_over(&[(trigger, options)], &run.kills).await;
        let report = &reports[0];
        let after = self.omnisend.look().await;
        compare::always(&after);
        self.nothing_is_left_behind().await;
        self.tally.add("runs", 1);
        self.tally.add("processes killed", killed);
        self.tally.add("runs that were killed twice", (killed > 1).into());
        if plan.stopped {
            self.tally.add("runs that a guard stopped", 1);
            assert_eq!(report.state, State::Stopped, "{:?}", report.message);
            assert_eq!(after.requests, before.requests, "requests of a run that was stopped");
            return compare::same_brand(&after.brand, &self.model.brand);
        }
        let counts = self.model.settle(&plan, &self.export, &self.refused);
        compare::same_brand(&after.brand, &self.model.brand);
        compare::same_counts(report, counts);
        let taken = after.taken - before.taken;
        let twice = taken.checked_sub(counts.sent);
        self.tally.add("runs of everybody", plan.sends_all.into());
        self.tally.add("contacts sent", counts.sent);
        self.tally.add("contacts unchanged", counts.unchanged);
        self.tally.add("contacts refused", counts.rejected);
        self.tally.add("contacts sent twice after a kill", twice.unwrap_or_default());
        self.tally.add("tags taken", plan.tags_taken());
        assert!(
            twice.is_some_and(|twice| twice <= killed * CHUNK),
            "{} contacts were to be sent, and Omnisend took {taken}; {killed} processes were killed",
            counts.sent
        );
        if self.setup.create_segment {
            for segment in &self.export.segments {
                assert!(after.segments.contains(&format!("S{segment}")), "{:?}", after.segments);
            }
        }
    }

    /// Two runs of a segment, the second planned before anything of the first is sent.
    async fn drop_twice(&mut self, segment: usize, files: [&[Row]; 2], kills: &[Kill]) {
        if !self.export.segments.contains(&segment) {
            return;
        }
        let before = self.omnisend.look().await;
        let (mut plans, mut asked): (Vec<Plan>, Vec<_>) = (Vec::new(), Vec::new());
        for rows in files {
            let dropped = self.put(segment, rows).await;
            plans.push(self.plan(self.export.mode, true, &[segment], plans.first()));
            let options = RunOptions { allow: GuardName::ALL.into(), ..RunOptions::default() };
            asked.push((Trigger::Drop { objects: vec![dropped] }, options));
            // The first is planned before its file is replaced.
            if asked.len() == 1 {
                let (trigger, options) = asked[0].clone();
                self.process().start(trigger, options).await;
            }
            self.clock.advance(SignedDuration::from_mins(1));
        }
        let (reports, killed) = self.until_over(&asked, kills).await;
        self.tally.add("runs planned before another was settled", 1);
        let mut sent = 0;
        for (plan, report) in plans.iter().zip(&reports) {
            let counts = self.model.settle(plan, &self.export, &self.refused);
            compare::same_counts(report, counts);
            sent += counts.sent;
        }
        let after = self.omnisend.look().await;
        compare::always(&after);
        compare::same_brand(&after.brand, &self.model.brand);
        let twice = (after.taken - before.taken).checked_sub(sent);
        assert!(twice.is_some_and(|twice| twice <= killed * CHUNK), "{sent}, {twice:?}, {killed}");
    }

    /// A run whose process is killed, and that somebody cancels then. How far it came nobody can tell: a run of
    /// everybody makes it known again.
    async fn cancel(&mut self, kill: Kill) {
        let everybody = Run { allow: true, kills: Vec::new() };
        self.calls += 1;
        let trigger = Trigger::Call { at: self.clock.now(), request: self.calls.to_string() };
        let options =
            RunOptions { mode: Some(Mode::Changes), allow: GuardName::ALL.into(), ..RunOptions::default() };
        let all = self.export.segments.clone();
        let plan = self.plan(Mode::Changes, true, &all, None);
        let asked = [(trigger.clone(), options)];
        if self.until_killed(&asked, kill).await.is_some() {
            self.model.settle(&plan, &self.export, &self.refused);
        } else {
            let run = RunRef { run: trigger.run_id(&"vip".parse().unwrap()), export: "vip".parse().unwrap() };
            self.process().cancel(&run).await;
            let reports = self.process().run(&asked).await;
            self.tally.add("runs canceled", (reports[0].state == State::Canceled).into());
            // What it says of itself adds up, or there would be no report. The fields of whom it sent may be there.
            let seen = self.omnisend.look().await;
            compare::always(&seen);
            self.model.may_have_sent(&plan, &seen.brand);
        }
        self.clock.advance(SignedDuration::from_mins(1));
        self.calls += 1;
        let trigger = Trigger::Call { at: self.clock.now(), request: self.calls.to_string() };
        self.run(trigger, Mode::Full, Some(Mode::Full), &all, &everybody).await;
    }

    fn plan(&self, mode: Mode, allow: bool, segments: &[usize], pending: Option<&Plan>) -> Plan {
        let in_order = self.export.segments.iter().filter(|segment| segments.contains(segment));
        let segments: Vec<(usize, &[Row])> =
            in_order.map(|segment| (*segment, self.files[*segment].as_slice())).collect();
        let asked = Asked { export: &self.export, mode, allow, segments: &segments };
        self.model.plan(asked, pending)
    }

    /// Runs until it is over, in as many processes as it takes. Answers with how many of them were killed, too.
    async fn until_over(&mut self, asked: &[(Trigger, RunOptions)], kills: &[Kill]) -> (Vec<Report>, u64) {
        let mut killed = 0;
        for kill in kills {
            match self.until_killed(asked, *kill).await {
                Some(reports) => return (reports, killed),
                None => killed += 1,
            }
        }
        (self.process().run(asked).await, killed)
    }

    /// Runs until it is over, or the process is killed.
    async fn until_killed(&mut self, asked: &[(Trigger, RunOptions)], kill: Kill) -> Option<Vec<Report>> {
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
            reports = process.run(asked) => Some(reports),
        };
        process.gate.spare();
        if hung.is_some() {
            self.omnisend.refuse(&self.refused).await;
        }
        if reports.is_none() {
            process.let_go().await;
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

    /// The list of members that counts, the one before, and what names them: no other list of addresses is kept.
    async fn nothing_is_left_behind(&self) {
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
    /// Starts every run, and then does what they ask for.
    async fn run(&self, asked: &[(Trigger, RunOptions)]) -> Vec<Report> {
        let mut runs = Vec::new();
        for (trigger, options) in asked {
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
