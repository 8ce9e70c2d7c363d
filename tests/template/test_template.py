"""Checks what template.yaml allows and promises, from the template itself.

Policies are evaluated as IAM evaluates them: a request is allowed if a statement allows it and none denies it. Each
test asks about concrete requests ("may the uploader read segments/vip/1.csv?"), so it does not depend on how
statements are grouped. By default, all optional parts of the template are on, because then most is allowed.

    python3 -m unittest discover -s tests/template

Needs cfn-lint, which reads CloudFormation's short forms.
"""

import fnmatch
import json
import pathlib
import re
import subprocess
import unittest

from cfnlint.decode import cfn_yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATE = cfn_yaml.load(str(ROOT / "template.yaml"))
RESOURCES = TEMPLATE["Resources"]

BUCKET = "acme-omnisend"
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "export",
    "AWS::URLSuffix": "amazonaws.com",
}
EVERYTHING = {
    "StateBucketName": BUCKET,
    "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1a2b",
    "SourceBucketArns": ["arn:aws:s3:::lake"],
    "SourceObjectArns": ["arn:aws:s3:::lake/out/*"],
    "SourceDropPrefix": "out/",
    "ApiUrl": "https://api.example.com",
    "Schedule": "rate(1 day)",
    "ScheduleAlarmHours": 26,
    "NoticeEmail": "ada@example.com",
}
FUNCTIONS = ["Planner", "Uploader", "Settler"]
NOTHING = object()


class Resolver:
    """Resolves intrinsic functions for given parameter values."""

    def __init__(self, parameters):
        defaults = {name: p.get("Default") for name, p in TEMPLATE["Parameters"].items()}
        self.values = {**PSEUDO, **defaults, **parameters}

    def condition(self, node):
        if isinstance(node, str):
            return self.condition(TEMPLATE["Conditions"][node])
        ((name, argument),) = node.items()
        if name == "Condition":
            return self.condition(argument)
        if name == "Fn::Equals":
            left, right = (self.value(side) for side in argument)
            return str(left) == str(right)
        if name == "Fn::Not":
            return not self.condition(argument[0])
        if name == "Fn::And":
            return all(self.condition(part) for part in argument)
        raise NotImplementedError(name)

    def value(self, node):
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref":
                if argument == "AWS::NoValue":
                    return NOTHING
                return self.values[argument] if argument in self.values else arn(argument)
            if name == "Fn::GetAtt":
                parts = argument.split(".") if isinstance(argument, str) else argument
                return arn(parts[0]) if parts[1] == "Arn" else ".".join(parts)
            if name == "Fn::Sub":
                assert isinstance(argument, str), argument
                text = re.sub(r"\$\{([A-Za-z:]+)\}", lambda m: str(self.values[m[1]]), argument)
                return text.replace("${!", "${")
            if name == "Fn::If":
                condition, yes, no = argument
                return self.value(yes if self.condition(condition) else no)
            if name == "Fn::Join":
                delimiter, items = argument
                items = self.value(items)
                return delimiter.join(items if isinstance(items, list) else [items or ""])
            if name.startswith("Fn::"):
                raise NotImplementedError(name)
        resolved = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in resolved.items() if item is not NOTHING}


def arn(logical_id):
    """A placeholder for a resource's ARN; for a log group with its streams, as GetAtt returns it."""
    streams = ":*" if RESOURCES[logical_id]["Type"] == "AWS::Logs::LogGroup" else ""
    return f"arn:aws:{logical_id}{streams}"


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(logical_id, parameters=EVERYTHING):
    """The resolved statements of a role or managed policy."""
    properties = Resolver(parameters).value(RESOURCES[logical_id]["Properties"])
    if RESOURCES[logical_id]["Type"] == "AWS::IAM::ManagedPolicy":
        documents = [properties["PolicyDocument"]]
    else:
        documents = [policy["PolicyDocument"] for policy in properties["Policies"]]
    return [statement for document in documents for statement in document["Statement"]]


def holds(operator, key, wanted, context):
    """Whether a condition of a statement holds. A key that the request lacks is treated as IAM treats it."""
    exists = key in context
    if operator.endswith("IfExists"):
        if not exists:
            return True
        operator = operator.removesuffix("IfExists")
    value, wanted = context.get(key), [str(item) for item in listed(wanted)]
    if operator == "StringEquals":
        return exists and value in wanted
    if operator == "StringNotEquals":
        return not exists or value not in wanted
    if operator in ("StringLike", "ArnLike"):
        return exists and any(fnmatch.fnmatchcase(value, pattern) for pattern in wanted)
    raise NotImplementedError(operator)


def applies(statement, action, resource, context):
    def matches(patterns, text):
        return any(fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in listed(patterns))

    # Action names are case-insensitive.
    actions = [pattern.lower() for pattern in listed(statement["Action"])]
    return (
        matches(actions, action.lower())
        and matches(statement["Resource"], resource)
        and all(
            holds(operator, key, wanted, context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def allowed(logical_id, action, resource, context=None, parameters=EVERYTHING):
    context = {"aws:ResourceAccount": PSEUDO["AWS::AccountId"], **(context or {})}
    applying = [s for s in statements(logical_id, parameters) if applies(s, action, resource, context)]
    effects = {statement["Effect"] for statement in applying}
    return "Allow" in effects and "Deny" not in effects


def s3(key):
    return f"arn:aws:s3:::{BUCKET}/{key}"


RUN = "runs/vip/20261123t101500z-1a2b3c4d5e6f7081"
KEYS = {
    "segment": "segments/vip/1.csv",
    "connection": "connections/acme.toml",
    "export": "exports/acme/vip.toml",
    "snapshot": "snapshots/vip/00000.zst",
    "manifest": f"{RUN}/manifest.json",
    "enqueued": f"{RUN}/enqueued.json",
    "chunk": f"{RUN}/chunks/00000.ndjson.zst",
    "refused": f"{RUN}/refused/00000.ndjson.zst",
    "removal": f"{RUN}/removals/00000.ndjson.zst",
    "progress": f"{RUN}/progress/00000.json",
    "receipt": f"{RUN}/receipts/00000.json",
    "resent": f"{RUN}/resent/00000.json",
    "outcome": f"{RUN}/outcomes/00000.json",
    "removal": f"{RUN}/removals/00000.ndjson.zst",
    "tagged": f"{RUN}/tagged/00000.json",
    "untagged": f"{RUN}/untagged/00000.json",
    "segments": f"{RUN}/segments.json",
    "findings": "findings/acme.json",
    "probe": "runs/.probe/1a2b",
    "canceled": f"{RUN}/canceled",
    "halted": f"{RUN}/halted.json",
    "parked": f"{RUN}/parked.json",
    "rejects.csv": f"{RUN}/rejects.csv",
    "rejects.ndjson": f"{RUN}/rejects.ndjson",
    "report.json": f"{RUN}/report.json",
    "report.html": f"{RUN}/report.html",
    "stray": "other/file",
}
IN_RUN = {name for name, key in KEYS.items() if key.startswith(RUN)}
REPORT = {"report.json", "report.html", "rejects.csv", "rejects.ndjson"}
CONFIGURATION = {"connection", "export"}


class Objects(unittest.TestCase):
    """The exact objects that each function may read, write and delete."""

    def assert_exactly(self, logical_id, action, names):
        got = {name for name, key in KEYS.items() if allowed(logical_id, action, s3(key))}
        self.assertEqual(got, set(names), f"{logical_id} {action}")

    def test_the_planner_reads_segments_and_writes_plans(self):
        self.assert_exactly(
            "PlannerRole", "s3:GetObject", {"segment", "snapshot", "findings", "probe"} | CONFIGURATION | IN_RUN
        )
        self.assert_exactly(
            "PlannerRole", "s3:PutObject", {"manifest", "enqueued", "chunk", "refused", "removal"} | REPORT
        )
        self.assert_exactly("PlannerRole", "s3:DeleteObject", {"chunk", "refused", "removal", "parked"})
        self.assertTrue(allowed("PlannerRole", "s3:GetObjectVersion", s3(KEYS["segment"])))

    def test_the_uploader_reads_only_planned_versions_of_segments(self):
        self.assert_exactly(
            "UploaderRole", "s3:GetObject", {"snapshot", "findings", "probe"} | CONFIGURATION | IN_RUN
        )
        self.assert_exactly("UploaderRole", "s3:GetObjectVersion", {"snapshot", "segment"})
        self.assert_exactly(
            "UploaderRole",
            "s3:PutObject",
            {"progress", "receipt", "resent", "outcome", "halted", "parked", "snapshot", "findings", "probe"}
            | {"tagged", "untagged", "segments"}
            | REPORT,
        )
        self.assert_exactly("UploaderRole", "s3:DeleteObject", {"outcome", "probe", "snapshot"})

    def test_the_settler_sees_the_progress_of_runs_and_no_contacts(self):
        contacts = {"chunk", "refused", "removal", "rejects.csv", "rejects.ndjson", "report.html"}
        others = {"enqueued", "tagged", "untagged", "segments", "halted"}
        self.assert_exactly("SettlerRole", "s3:GetObject", CONFIGURATION | (IN_RUN - contacts - others))
        self.assert_exactly("SettlerRole", "s3:PutObject", {"canceled", "enqueued"})
        self.assert_exactly("SettlerRole", "s3:DeleteObject", {"parked"})

    def test_every_role_allows_what_its_function_requests(self):
        # tests/lambda/roles.rs observes that the functions request exactly these.
        requests = json.loads((ROOT / "tests/template/requests.json").read_text())
        self.assertEqual(set(requests), set(FUNCTIONS))
        secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
        for function, asked in requests.items():
            for request in asked:
                action, thing = request.split(" ", 1)
                service = action.split(":")[0]
                resource, context = {
                    "s3": (s3(thing), {}),
                    "sqs": (arn("UploadQueue"), {}),
                    "secretsmanager": (f"{secret}{thing}-AbCdEf", {}),
                }[service]
                if action == "s3:ListBucket":
                    resource, context = f"arn:aws:s3:::{BUCKET}", {"s3:prefix": thing}
                self.assertTrue(allowed(f"{function}Role", action, resource, context), f"{function}: {request}")

    def test_a_missing_key_is_reported_as_missing_and_listings_are_restricted(self):
        bucket = f"arn:aws:s3:::{BUCKET}"
        prefixes = {
            "PlannerRole": {"segments/vip/", "segments/vip", "connections/", "exports/", "runs/vip/", "snapshots/vip/"},
            "UploaderRole": {"connections/", "exports/", "runs/vip/", "snapshots/vip/"},
            "SettlerRole": {"connections/", "exports/", "runs/vip/"},
        }
        for role, wanted in prefixes.items():
            self.assertTrue(allowed(role, "s3:ListBucket", bucket), f"{role}: S3 would answer 403, not 404")
            got = {
                prefix
                for prefix in set().union(*prefixes.values()) | {"other/", "secrets/"}
                if allowed(role, "s3:ListBucket", bucket, {"s3:prefix": prefix})
            }
            self.assertEqual(got, wanted, role)

    def test_a_bucket_of_another_account_is_denied(self):
        elsewhere = {"aws:ResourceAccount": "999999999999"}
        for function in FUNCTIONS:
            role = f"{function}Role"
            for action in ("s3:GetObject", "s3:PutObject"):
                for key in KEYS.values():
                    self.assertFalse(allowed(role, action, s3(key), elsewhere), f"{role} {action} {key}")

    def test_only_the_planner_reads_other_buckets_and_only_named_ones(self):
        self.assertTrue(allowed("PlannerRole", "s3:GetObject", "arn:aws:s3:::lake/out/vip.csv"))
        self.assertFalse(allowed("PlannerRole", "s3:GetObject", "arn:aws:s3:::lake/hr/pay.csv"))
        self.assertFalse(allowed("PlannerRole", "s3:PutObject", "arn:aws:s3:::lake/out/vip.csv"))
        none = {"StateBucketName": BUCKET}
        self.assertFalse(
            allowed("PlannerRole", "s3:GetObject", "arn:aws:s3:::lake/out/vip.csv", parameters=none)
        )
        for role in ("UploaderRole", "SettlerRole"):
            self.assertFalse(allowed(role, "s3:GetObject", "arn:aws:s3:::lake/out/vip.csv"), role)


class Permissions(unittest.TestCase):
    ROLES = ["PlannerRole", "UploaderRole", "SettlerRole"]
    POLICIES = ["AdministratorPolicy", "ContributorPolicy", "DropperPolicy"]

    def test_only_the_uploader_reads_api_keys_and_only_below_the_prefix(self):
        secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
        for role in self.ROLES:
            reads = allowed(role, "secretsmanager:GetSecretValue", f"{secret}omnisend/acme-AbCdEf")
            self.assertEqual(reads, role == "UploaderRole", role)
            self.assertFalse(allowed(role, "secretsmanager:GetSecretValue", f"{secret}payroll-AbCdEf"), role)
        for role in ("PlannerRole", "SettlerRole"):
            actions = [action for s in statements(role) for action in listed(s["Action"])]
            self.assertFalse([a for a in actions if a.lower().startswith("secretsmanager")], role)
            for statement in statements(role):
                self.assertNotIn("secretsmanager", json.dumps(statement), f"{role}: {statement['Sid']}")
        for policy in self.POLICIES:
            self.assertFalse(
                allowed(policy, "secretsmanager:GetSecretValue", f"{secret}omnisend/acme-AbCdEf"), policy
            )

    def test_no_statement_allows_a_bare_wildcard(self):
        for name in [*self.ROLES, "SchedulerRole", *self.POLICIES]:
            for statement in statements(name):
                if statement["Effect"] == "Deny":
                    continue
                for action in listed(statement["Action"]):
                    self.assertNotIn("*", action, f"{name}: {statement['Sid']}")
                for resource in listed(statement["Resource"]):
                    self.assertNotEqual(resource, "*", f"{name}: {statement['Sid']}")

    def test_functions_have_only_their_own_policies(self):
        for function in FUNCTIONS:
            properties = RESOURCES[function]["Properties"]
            self.assertEqual(properties["Role"], {"Fn::GetAtt": [f"{function}Role", "Arn"]})
            self.assertNotIn("Policies", properties)
            self.assertNotIn("ManagedPolicyArns", RESOURCES[f"{function}Role"]["Properties"])

    def test_the_function_that_the_queue_invokes_cannot_send_to_it(self):
        queue = arn("UploadQueue")
        self.assertFalse(allowed("UploaderRole", "sqs:SendMessage", queue))
        self.assertTrue(allowed("UploaderRole", "sqs:ReceiveMessage", queue))
        self.assertTrue(allowed("UploaderRole", "sqs:ChangeMessageVisibility", queue))
        for role in ("PlannerRole", "SettlerRole"):
            self.assertTrue(allowed(role, "sqs:SendMessage", queue), role)
            self.assertFalse(allowed(role, "sqs:ReceiveMessage", queue), role)
        self.assertEqual(TEMPLATE["Globals"]["Function"]["RecursiveLoop"], "Terminate")

    def test_every_function_writes_its_own_log_and_stores_failed_events(self):
        for function in FUNCTIONS:
            role = f"{function}Role"
            for other in FUNCTIONS:
                writes = allowed(role, "logs:PutLogEvents", f"arn:aws:{other}Log:stream")
                self.assertEqual(writes, other == function, f"{role} {other}")
            self.assertTrue(allowed(role, "sqs:SendMessage", arn("FailedEvents")), role)

    def test_a_contributor_writes_exports_of_the_tagged_connection_only(self):
        tag = "${aws:PrincipalTag/omnisend-connection}"
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            got = {
                resource
                for s in statements("ContributorPolicy")
                if action in listed(s["Action"])
                for resource in listed(s["Resource"])
            }
            self.assertEqual(got, {s3(f"exports/{tag}/*")}, action)
        for key in KEYS.values():
            self.assertFalse(allowed("ContributorPolicy", "s3:PutObject", s3(key)), key)

    def test_an_administrator_writes_configuration_and_reads_runs(self):
        for name, key in KEYS.items():
            writes = allowed("AdministratorPolicy", "s3:PutObject", s3(key))
            self.assertEqual(writes, name in CONFIGURATION, name)
            reads = allowed("AdministratorPolicy", "s3:GetObject", s3(key))
            self.assertEqual(reads, name in CONFIGURATION | IN_RUN | {"findings", "probe"}, name)

    def test_a_dropper_can_only_drop_files(self):
        for name, key in KEYS.items():
            self.assertEqual(allowed("DropperPolicy", "s3:PutObject", s3(key)), name == "segment", name)
            self.assertFalse(allowed("DropperPolicy", "s3:GetObject", s3(key)), name)


class Infrastructure(unittest.TestCase):
    def of_type(self, kind):
        return {name: r for name, r in RESOURCES.items() if r["Type"] == kind}

    def properties(self, name, parameters=EVERYTHING):
        return Resolver(parameters).value(RESOURCES[name]["Properties"])

    def test_the_bucket_is_private_versioned_encrypted_and_retained(self):
        for parameters in (EVERYTHING, {"StateBucketName": BUCKET}):
            bucket = self.properties("StateBucket", parameters)
            self.assertEqual(set(bucket["PublicAccessBlockConfiguration"].values()), {True})
            self.assertEqual(len(bucket["PublicAccessBlockConfiguration"]), 4)
            self.assertEqual(bucket["VersioningConfiguration"]["Status"], "Enabled")
            (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            algorithm = "aws:kms" if "KmsKeyArn" in parameters else "AES256"
            self.assertEqual(rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"], algorithm)
            self.assertTrue(bucket["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"])
        for name in ("StateBucket", "StateBucketPolicy"):
            self.assertEqual(RESOURCES[name]["DeletionPolicy"], "Retain")
            self.assertEqual(RESOURCES[name]["UpdateReplacePolicy"], "Retain")

    def test_runs_and_old_versions_expire(self):
        rules = {r["Id"]: r for r in self.properties("StateBucket")["LifecycleConfiguration"]["Rules"]}
        self.assertTrue(all(rule["Status"] == "Enabled" for rule in rules.values()))
        self.assertEqual((rules["runs"]["Prefix"], rules["runs"]["ExpirationInDays"]), ("runs/", 90))
        self.assertNotIn("Prefix", rules["old-versions"])
        # Only runs expire: not the configuration, the snapshots or the drops.
        self.assertEqual([r["Id"] for r in rules.values() if "ExpirationInDays" in r], ["runs"])

    def test_the_bucket_refuses_unencrypted_connections(self):
        (statement,) = self.properties("StateBucketPolicy")["PolicyDocument"]["Statement"]
        self.assertEqual((statement["Effect"], statement["Principal"], statement["Action"]), ("Deny", "*", "s3:*"))
        self.assertEqual(statement["Condition"], {"Bool": {"aws:SecureTransport": "false"}})
        self.assertEqual(set(statement["Resource"]), {f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"})

    def test_every_queue_is_encrypted(self):
        queues = self.of_type("AWS::SQS::Queue")
        self.assertEqual(len(queues), 4)
        for name, queue in queues.items():
            properties = queue["Properties"]
            self.assertTrue(properties.get("SqsManagedSseEnabled") or properties.get("KmsMasterKeyId"), name)

    def test_the_upload_queue_is_fifo_and_hides_messages_for_six_timeouts(self):
        queue, dead = self.properties("UploadQueue"), self.properties("UploadDeadLetters")
        self.assertTrue(queue["FifoQueue"] and dead["FifoQueue"])
        self.assertTrue(queue["QueueName"].endswith(".fifo") and dead["QueueName"].endswith(".fifo"))
        self.assertFalse(queue["ContentBasedDeduplication"])
        self.assertEqual(queue["VisibilityTimeout"], 6 * RESOURCES["Uploader"]["Properties"]["Timeout"])
        # A crash may block a brand for this long.
        self.assertLessEqual(queue["VisibilityTimeout"], 600)
        self.assertEqual(queue["RedrivePolicy"]["deadLetterTargetArn"], arn("UploadDeadLetters"))
        self.assertGreaterEqual(queue["RedrivePolicy"]["maxReceiveCount"], 5)
        for name in ("UploadDeadLetters", "UndeliveredEvents", "FailedEvents"):
            kept = self.properties(name)["MessageRetentionPeriod"]
            self.assertGreaterEqual(kept, queue["MessageRetentionPeriod"], name)

    def test_the_queue_invokes_only_the_uploader(self):
        sources = {
            (function, name): event["Properties"]
            for function in FUNCTIONS
            for name, event in RESOURCES[function]["Properties"].get("Events", {}).items()
            if event["Type"] == "SQS"
        }
        self.assertEqual(list(sources), [("Uploader", "Queue")])
        self.assertEqual(self.of_type("AWS::Lambda::EventSourceMapping"), {})
        (source,) = sources.values()
        self.assertEqual(source["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        self.assertGreaterEqual(Resolver(EVERYTHING).value(source["ScalingConfig"]["MaximumConcurrency"]), 2)
        self.assertEqual(source["BatchSize"], 1)
        # A filter would delete messages that do not match.
        self.assertNotIn("FilterCriteria", source)

    def test_every_function_has_a_log_with_retention_and_a_queue_for_failed_events(self):
        self.assertEqual(sorted(self.of_type("AWS::Serverless::Function")), sorted(FUNCTIONS))
        for function in FUNCTIONS:
            properties = self.properties(function)
            log = RESOURCES[f"{function}Log"]["Properties"]
            self.assertEqual(RESOURCES[function]["Properties"]["LoggingConfig"]["LogGroup"], {"Ref": f"{function}Log"})
            self.assertGreater(Resolver(EVERYTHING).value(log["RetentionInDays"]), 0)
            failure = properties["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
            self.assertEqual((failure["Type"], failure["Destination"]), ("SQS", arn("FailedEvents")))

    def test_the_functions_share_one_artifact(self):
        settings = TEMPLATE["Globals"]["Function"]
        self.assertEqual((settings["Runtime"], settings["Handler"]), ("provided.al2023", "bootstrap"))
        for function in FUNCTIONS:
            self.assertEqual(RESOURCES[function]["Metadata"], {"BuildMethod": "makefile"})
            for own in ("CodeUri", "Runtime", "Handler", "Architectures"):
                self.assertNotIn(own, RESOURCES[function]["Properties"])
            target = (ROOT / "deploy.mk").read_text()
            self.assertRegex(target, rf"(?m)^build-[^:]*build-{function}\b|^build-{function}\b")

    def test_functions_get_the_environment_that_the_binary_reads(self):
        reader = (ROOT / "src/environment.rs").read_text()
        known = set(re.findall(r'^const [A-Z_]+: &str = "([A-Z_]+)";', reader, re.MULTILINE))
        settings = Resolver(EVERYTHING).value(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
        for function in FUNCTIONS:
            own = self.properties(function).get("Environment", {}).get("Variables", {})
            variables = set(settings) | set(own)
            self.assertLessEqual(variables, known, function)
            self.assertLessEqual({"STATE_BUCKET", "UPLOAD_QUEUE_URL"}, variables, function)
            # Alarms publish notices; functions only write metrics.
            self.assertFalse(allowed(f"{function}Role", "sns:Publish", arn("Notices")), function)
        least = Resolver({"StateBucketName": BUCKET})
        self.assertNotIn(
            "OMNISEND_API_URL", least.value(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
        )

    def test_every_trigger_retries_and_keeps_undelivered_events(self):
        triggers = {
            f"{function}{name}": self.properties(function)["Events"][name]["Properties"]
            for function in FUNCTIONS
            for name, event in RESOURCES[function]["Properties"].get("Events", {}).items()
            if event["Type"] != "SQS"
        }
        self.assertEqual(sorted(triggers), ["PlannerDrop", "PlannerSweepDrops", "SettlerSweepRuns"])
        (triggers["SourceDrop"],) = self.properties("SourceDrop")["Targets"]
        triggers["ScheduledRun"] = self.properties("ScheduledRun")["Target"]
        for name, trigger in triggers.items():
            self.assertGreater(trigger["RetryPolicy"]["MaximumRetryAttempts"], 0, name)
            self.assertEqual(trigger["DeadLetterConfig"]["Arn"], arn("UndeliveredEvents"), name)

    def test_only_objects_below_the_drop_prefix_start_the_planner(self):
        pattern = self.properties("Planner")["Events"]["Drop"]["Properties"]["Pattern"]
        self.assertEqual(pattern["detail"]["bucket"]["name"], [BUCKET])
        self.assertEqual(pattern["detail"]["object"]["key"], [{"prefix": "segments/"}])
        prefix = re.compile(TEMPLATE["Parameters"]["DropPrefix"]["AllowedPattern"])
        for good in ("segments/", "in/vip/", "runs-2026/"):
            self.assertTrue(prefix.search(good), good)
        for bad in ("", "/", "segments", "/segments/", "runs/", "runs/vip/", "exports/", "snapshots/", "*/"):
            self.assertFalse(prefix.search(bad), bad)

    def test_scheduled_events_equal_the_examples_in_events(self):
        for function, name, file in [
            ("Settler", "SweepRuns", "sweep-runs.json"),
            ("Planner", "SweepDrops", "sweep-drops.json"),
        ]:
            event = RESOURCES[function]["Properties"]["Events"][name]["Properties"]
            self.assertEqual(json.loads(event["Input"]), json.loads((ROOT / "events" / file).read_text()))
            self.assertEqual(event["Schedule"], "rate(5 minutes)")
        sent = json.loads(self.properties("ScheduledRun")["Target"]["Input"])
        shown = json.loads((ROOT / "events/scheduler-schedule.json").read_text())
        self.assertEqual(sorted(sent), sorted(shown))
        self.assertEqual(sent["detail-type"], shown["detail-type"])
        self.assertEqual(sent["time"], "<aws.scheduler.scheduled-time>")

    def test_alarms_watch_every_failure_metric_and_notify(self):
        alarms = {name: self.properties(name) for name in self.of_type("AWS::CloudWatch::Alarm")}
        watched = set()
        for name, alarm in alarms.items():
            self.assertEqual(alarm["AlarmActions"], [arn("Notices")], name)
            self.assertTrue(alarm["AlarmDescription"], name)
            for metric in [alarm] + [m["MetricStat"]["Metric"] for m in alarm.get("Metrics", []) if "MetricStat" in m]:
                if "MetricName" in metric:
                    (dimension,) = metric["Dimensions"]
                    watched.add((metric["MetricName"], dimension["Value"]))
        wanted = {("ApproximateNumberOfMessagesVisible", f"{queue}.QueueName")
                  for queue in ("UploadDeadLetters", "UndeliveredEvents", "FailedEvents")}
        wanted |= {(metric, arn(function)) for metric in ("Errors", "Throttles") for function in FUNCTIONS}
        wanted |= {("ApproximateAgeOfOldestMessage", "UploadQueue.QueueName"), ("Invocations", arn("Settler"))}
        own = ("LateDrops", "RefusedDrops", "SweepFailures", "ParkedRuns", "FailedRuns", "ScheduledRuns")
        wanted |= {(metric, BUCKET) for metric in own}
        self.assertEqual(watched, wanted)

    def test_a_schedule_comes_with_an_alarm_for_missed_runs(self):
        scheduled = Resolver({"StateBucketName": BUCKET, "Schedule": "rate(1 day)"})
        self.assertTrue(scheduled.condition("HasScheduleAlarm"))
        self.assertFalse(Resolver({"StateBucketName": BUCKET}).condition("HasScheduleAlarm"))

    def test_make_invoke_calls_the_function_that_the_examples_name(self):
        rows = re.findall(r"^\| `(\S+\.json)` \|.*\| (\w+) \|$", (ROOT / "events/README.md").read_text(), re.M)
        self.assertEqual({name for name, _ in rows}, {path.name for path in (ROOT / "events").glob("*.json")})
        for name, function in rows:
            make = ["make", "--silent", "-C", str(ROOT), f"EVENT=events/{name}"]
            rule = "print-function: ; @$(call function_of,$(EVENT))"
            printed = subprocess.run([*make, f"--eval={rule}", "print-function"], capture_output=True, text=True)
            self.assertEqual(printed.stdout.strip(), function, name)

    def test_optional_parts_are_absent_by_default(self):
        least = Resolver({"StateBucketName": BUCKET})
        optional = {r["Condition"] for r in RESOURCES.values() if "Condition" in r}
        on = {name for name in optional if least.condition(name)}
        self.assertEqual(on, {"CreatesStateBucket"})


if __name__ == "__main__":
    unittest.main()
