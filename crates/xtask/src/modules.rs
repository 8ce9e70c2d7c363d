//! The module tree of one crate, and the files that its names come from.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{Item, ItemUse, ext::IdentExt as _, visit::Visit};

use crate::{
    imports::{Import, ImportVisitor},
    syntax::{Names, attributes, defined_name, flatten, is_test},
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}", path.display())]
    Syntax { path: PathBuf, source: syn::Error },
    #[error("{}: `mod {name};` has no file", path.display())]
    NoFile { path: PathBuf, name: String },
}

/// One module: its file, what it defines, and what it brings into scope.
#[derive(Debug, Default)]
struct Module {
    file: PathBuf,
    defined: BTreeSet<String>,
    /// Names that `use` brings into scope, with the path as written.
    used: BTreeMap<String, Names>,
    /// Modules that `use …::*` brings into scope.
    globs: Vec<Names>,
    imports: Vec<Import>,
}

/// Every module of a crate, without its test code.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    modules: BTreeMap<Names, Module>,
}

/// An import that was resolved to the file that defines the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: PathBuf,
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) to: PathBuf,
}

impl Crate {
    /// Reads the crate whose root file is `root`, such as `src/lib.rs`.
    pub(crate) fn read(root: &Path) -> Result<Self, ReadError> {
        let mut tree = Self::default();
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        tree.read_file(&vec!["crate".to_owned()], root, &folder)?;
        Ok(tree)
    }

    fn read_file(&mut self, module: &Names, file: &Path, folder: &Path) -> Result<(), ReadError> {
        let text =
            fs::read_to_string(file).map_err(|source| ReadError::Io { path: file.to_owned(), source })?;
        let parsed =
            syn::parse_file(&text).map_err(|source| ReadError::Syntax { path: file.to_owned(), source })?;
        self.read_items(module, file, folder, &parsed.items)
    }

    fn read_items(
        &mut self,
        module: &Names,
        file: &Path,
        folder: &Path,
        items: &[Item],
    ) -> Result<(), ReadError> {
        let mut read = Module { file: file.to_owned(), ..Module::default() };
        let mut children = Vec::new();
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            match item {
                Item::Mod(child) => children.push(child),
                Item::Use(imported) => read.bring_into_scope(imported),
                other => read.defined.extend(defined_name(other)),
            }
            if !matches!(item, Item::Mod(_)) {
                let mut visitor = ImportVisitor::default();
                visitor.visit_item(item);
                read.imports.extend(visitor.imports);
            }
        }
        self.modules.insert(module.clone(), read);
        for child in children {
            let name = child.ident.unraw().to_string();
            let path: Names = module.iter().cloned().chain([name.clone()]).collect();
            if let Some((_, items)) = &child.content {
                self.read_items(&path, file, &folder.join(&name), items)?;
                continue;
            }
            let candidates = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
            let Some(found) = candidates.iter().find(|candidate| candidate.is_file()) else {
                return Err(ReadError::NoFile { path: file.to_owned(), name });
            };
            self.read_file(&path, found, &folder.join(&name))?;
        }
        Ok(())
    }

    /// Returns every import from one file to another. Re-exports are followed to the file that defines the name.
    pub(crate) fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeSet::new();
        for (path, module) in &self.modules {
            for import in &module.imports {
                // A single name may be a variable with the name of a module: only a name that `use` brings in counts.
                let is_variable = import.path.len() == 1
                    && import.path.first().is_some_and(|name| !module.used.contains_key(name));
                if is_variable {
                    continue;
                }
                for to in self.files_of(path, &import.path) {
                    if to != module.file {
                        let name = import.path.last().cloned().unwrap_or_default();
                        arrows.insert(Arrow { from: module.file.clone(), line: import.line, name, to });
                    }
                }
            }
        }
        arrows
    }

    /// Returns the files that define what `path` names, seen from `module`. Empty if the path is not in this crate.
    fn files_of(&self, module: &Names, path: &Names) -> BTreeSet<PathBuf> {
        let mut seen = BTreeSet::new();
        self.resolve(module, path, &mut seen)
    }

    fn resolve(&self, from: &Names, path: &Names, seen: &mut BTreeSet<(Names, Names)>) -> BTreeSet<PathBuf> {
        if !seen.insert((from.clone(), path.clone())) {
            return BTreeSet::new();
        }
        let Some((first, mut rest)) = path.split_first() else { return BTreeSet::new() };
        let mut at: Names = match first.as_str() {
            "crate" => vec!["crate".to_owned()],
            "self" => from.clone(),
            "super" => {
                let mut parent = from.clone();
                parent.pop();
                while let Some((next, after)) = rest.split_first().filter(|(next, _)| *next == "super") {
                    debug_assert_eq!(next, "super");
                    parent.pop();
                    rest = after;
                }
                parent
            }
            // A name in scope: a child module, or one that a `use` brought in.
            _ => {
                rest = path;
                from.clone()
            }
        };
        while let Some((name, after)) = rest.split_first() {
            let Some(module) = self.modules.get(&at) else { return BTreeSet::new() };
            let child: Names = at.iter().cloned().chain([name.clone()]).collect();
            if self.modules.contains_key(&child) {
                at = child;
                rest = after;
                continue;
            }
            if name == "*" || module.defined.contains(name) {
                return BTreeSet::from([module.file.clone()]);
            }
            // `use serde::{self}` brings in the name of another crate.
            let is_external = |target: &&Names| target.first() != Some(name);
            if let Some(target) = module.used.get(name).filter(is_external) {
                let target: Names = target.iter().chain(after).cloned().collect();
                return self.resolve(&at, &target, seen);
            }
            let mut files = BTreeSet::new();
            for glob in &module.globs {
                let target: Names = glob.iter().cloned().chain(rest.iter().cloned()).collect();
                files.extend(self.resolve(&at, &target, seen));
            }
            return files;
        }
        // The path ends at a module: its file counts. What the code takes from the module shows where it is used.
        self.modules.get(&at).map(|module| module.file.clone()).into_iter().collect()
    }
}

impl Module {
    fn bring_into_scope(&mut self, item: &ItemUse) {
        for (path, name) in flatten(&item.tree) {
            if name == "*" {
                self.globs.push(path);
            } else {
                self.used.insert(name, path);
            }
        }
    }
}
