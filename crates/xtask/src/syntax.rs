//! Small queries on a syntax tree.

use syn::{Attribute, Item, UseTree, ext::IdentExt as _};

/// A path of identifiers, such as `crate::run::Manifest`. The first one is `crate` for a resolved module path.
pub(crate) type Names = Vec<String>;

/// Returns the paths of a `use` tree, each with the name that it brings into scope (`*` for a glob).
pub(crate) fn flatten(tree: &UseTree) -> Vec<(Names, String)> {
    fn walk(tree: &UseTree, prefix: &[String], out: &mut Vec<(Names, String)>) {
        let with = |name: String| prefix.iter().cloned().chain([name]).collect::<Names>();
        match tree {
            UseTree::Path(path) => walk(&path.tree, &with(path.ident.unraw().to_string()), out),
            UseTree::Group(group) => group.items.iter().for_each(|item| walk(item, prefix, out)),
            UseTree::Glob(_) => out.push((prefix.to_vec(), "*".to_owned())),
            UseTree::Name(name) if name.ident == "self" => {
                out.push((prefix.to_vec(), prefix.last().cloned().unwrap_or_default()));
            }
            UseTree::Name(name) => {
                let name = name.ident.unraw().to_string();
                out.push((with(name.clone()), name));
            }
            UseTree::Rename(rename) if rename.ident == "self" => {
                out.push((prefix.to_vec(), rename.rename.to_string()));
            }
            UseTree::Rename(rename) => {
                out.push((with(rename.ident.unraw().to_string()), rename.rename.to_string()));
            }
        }
    }
    let mut out = Vec::new();
    walk(tree, &[], &mut out);
    out
}

/// Returns the attributes of an item that may be compiled for tests only.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether an item is compiled for tests only.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// Returns the name that an item defines in its module.
pub(crate) fn defined_name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.unraw().to_string())
}
