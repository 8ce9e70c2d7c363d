use std::fs;

use super::*;

/// Creates a workspace with these files, in a folder that is removed with the value.
fn workspace(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"planted\"\n[package.metadata]\nlayers = [\"low\", [\"left\", \"right\"], \"high\"]\n";
    let usual = [
        ("Cargo.toml", manifest),
        ("src/lib.rs", "pub mod high;\nmod left;\nmod low;\nmod right;\n"),
        ("src/low.rs", "pub struct Low;\n"),
        ("src/left.rs", "use crate::low::Low;\npub struct Left(Low);\n"),
        ("src/right.rs", "pub struct Right;\n"),
        ("src/high/mod.rs", "mod inner;\npub use inner::Inner;\npub use crate::left::Left;\n"),
        ("src/high/inner.rs", "use super::Left;\npub struct Inner(Left);\n"),
    ];
    for (path, text) in usual.iter().chain(files) {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// Returns what the check prints for a workspace with these files added to, or in place of, the usual ones.
fn breaches_of(files: &[(&str, &str)]) -> Vec<String> {
    let root = workspace(files);
    let shown = format!("{}/", root.path().display());
    check(root.path()).unwrap().iter().map(|breach| breach.to_string().replace(&shown, "")).collect()
}

#[test]
fn accepts_imports_that_run_down() {
    assert_eq!(breaches_of(&[]), Vec::<String>::new());
}

#[test]
fn rejects_an_import_from_a_layer_above() {
    let breaches = breaches_of(&[("src/low.rs", "pub struct Low;\nfn breach(_: crate::high::Inner) {}\n")]);
    assert!(
        breaches
            .iter()
            .any(|breach| breach.starts_with("src/low.rs:2: layer `low` imports `Inner` from layer `high`")),
        "{breaches:?}"
    );
}

#[test]
fn rejects_an_import_that_only_a_macro_makes() {
    let breaches = breaches_of(&[
        ("src/low.rs", "pub struct Low;\nfn breach() { assert!(crate::high::is_up()) }\n"),
        ("src/high/mod.rs", "pub fn is_up() -> bool { true }\n"),
    ]);
    assert_eq!(breaches.len(), 1, "{breaches:?}");
    assert!(
        breaches[0].starts_with("src/low.rs:2: layer `low` imports `is_up` from layer `high`"),
        "{breaches:?}"
    );
}

#[test]
fn rejects_an_import_between_layers_that_share_a_place() {
    let breaches = breaches_of(&[("src/right.rs", "use crate::left::Left;\npub struct Right(Left);\n")]);
    assert_eq!(breaches.len(), 2, "the import and the use of its name: {breaches:?}");
    assert!(
        breaches[0].starts_with("src/right.rs:1: layer `right` imports `Left` from layer `left`"),
        "{breaches:?}"
    );
}

#[test]
fn follows_a_re_export_to_the_file_that_defines_the_name() {
    let breaches = breaches_of(&[
        ("src/high/mod.rs", "mod inner;\nmod other;\npub use inner::Inner;\npub use other::Other;\n"),
        ("src/high/inner.rs", "use super::Other;\npub struct Inner(Other);\n"),
        ("src/high/other.rs", "use super::Inner;\npub struct Other(Option<Box<Inner>>);\n"),
    ]);
    assert_eq!(breaches.len(), 1, "{breaches:?}");
    assert!(
        breaches[0].starts_with("src/high/inner.rs, src/high/other.rs form an import cycle:"),
        "{breaches:?}"
    );
}

#[test]
fn rejects_a_parent_that_uses_what_its_child_builds_on() {
    let breaches = breaches_of(&[
        (
            "src/high/mod.rs",
            "mod inner;\nuse inner::Inner;\npub struct Outer;\nfn outer() -> Inner { Inner }\n",
        ),
        ("src/high/inner.rs", "pub struct Inner;\nimpl Inner { fn of(_: super::Outer) {} }\n"),
    ]);
    assert_eq!(breaches.len(), 1, "{breaches:?}");
    assert!(breaches[0].contains("`Outer` from src/high/mod.rs"), "{breaches:?}");
}

#[test]
fn rejects_a_cycle_of_folders_whose_files_form_none() {
    let breaches = breaches_of(&[
        ("src/high/mod.rs", "mod a;\nmod b;\n"),
        ("src/high/a/mod.rs", "pub mod one;\npub mod two;\n"),
        ("src/high/a/one.rs", "use crate::high::b::three::Three;\npub struct One(Three);\n"),
        ("src/high/a/two.rs", "pub struct Two;\n"),
        ("src/high/b/mod.rs", "pub mod three;\n"),
        ("src/high/b/three.rs", "use crate::high::a::two::Two;\npub struct Three(Two);\n"),
    ]);
    assert_eq!(breaches.len(), 1, "{breaches:?}");
    assert!(breaches[0].starts_with("src/high/a, src/high/b form an import cycle:"), "{breaches:?}");
}

#[test]
fn ignores_tests() {
    let test = "pub struct Low;\n#[cfg(test)]\nmod tests {\n    use crate::high::Inner;\n    fn of(_: Inner) {}\n}\n";
    assert_eq!(breaches_of(&[("src/low.rs", test)]), Vec::<String>::new());
}

#[test]
fn rejects_a_layer_that_the_order_does_not_name() {
    let breaches = breaches_of(&[("src/attic.rs", "pub struct Attic;\n")]);
    assert_eq!(breaches.len(), 1, "{breaches:?}");
    assert!(breaches[0].starts_with("src/attic is not in the order of the layers"), "{breaches:?}");
}

#[test]
fn rejects_a_crate_that_depends_on_another_crate_of_the_workspace() {
    let manifest = "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\n[dev-dependencies]\nc = { path = \"../c\" }\n";
    let breaches =
        breaches_of(&[("crates/a/Cargo.toml", manifest), ("crates/a/src/lib.rs", "pub struct A;\n")]);
    assert_eq!(breaches.len(), 1, "{breaches:?}");
    assert!(breaches[0].starts_with("crates/a/Cargo.toml: depends on `b`"), "{breaches:?}");
}

/// Without an order there is nothing to check, which must not count as a pass.
#[test]
fn fails_without_an_order() {
    let root = workspace(&[("Cargo.toml", "[package]\nname = \"planted\"\n")]);
    assert!(matches!(check(root.path()), Err(CheckError::NoLayers { .. })));
}
