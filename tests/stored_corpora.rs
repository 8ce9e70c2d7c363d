//! Runs the fuzz targets on their stored corpora, so that what a fuzzer found does not come back.

use std::{fs, path::Path};

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a library when it is fuzzed")]
mod targets;

#[test]
fn every_target_accepts_its_corpus() {
    for (name, target) in targets::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut files = 0;
        for file in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            target(&fs::read(file.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files > 0, "{name} has no corpus");
    }
}

#[test]
fn every_target_accepts_parts_of_every_corpus() {
    for (name, _) in targets::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        for file in fs::read_dir(folder).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            for (_, target) in targets::TARGETS {
                target(&bytes);
                for part in 1..8 {
                    target(bytes.get(..bytes.len() * part / 8).unwrap());
                }
            }
        }
    }
}
