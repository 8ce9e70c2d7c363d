//! The names that an item imports from other modules.

use proc_macro2::{TokenStream, TokenTree};
use syn::{ImplItem, ItemUse, Macro, Path, TraitItem, Visibility, ext::IdentExt as _, visit::Visit};

use crate::syntax::{Names, flatten, is_test};

/// A path as the code writes it.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) path: Names,
    pub(crate) line: usize,
}

/// Collects the `use` paths and the qualified paths of an item.
#[derive(Debug, Default)]
pub(crate) struct ImportVisitor {
    pub(crate) imports: Vec<Import>,
}

impl<'ast> Visit<'ast> for ImportVisitor {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // A re-export only passes a name on. If code in the same file uses the name too, that path is the import.
        if !matches!(item.vis, Visibility::Inherited) {
            return;
        }
        let line = item.use_token.span.start().line;
        for (mut path, name) in flatten(&item.tree) {
            if name == "*" {
                path.push(name);
            }
            self.imports.push(Import { path, line });
        }
    }

    /// The path in `pub(super)` is not an import.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast Path) {
        let names: Names = path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.imports.push(Import { path: names, line: first.ident.span().start().line });
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.visit_path(&item.path);
        self.visit_tokens(item.tokens.clone());
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Fn(item) => item.attrs.as_slice(),
            ImplItem::Const(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            syn::visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let is_for_tests = matches!(item, TraitItem::Fn(item) if is_test(&item.attrs));
        if !is_for_tests {
            syn::visit::visit_trait_item(self, item);
        }
    }
}

impl ImportVisitor {
    /// Finds paths such as `a::b::C` among a macro's arguments, which are tokens.
    fn visit_tokens(&mut self, tokens: TokenStream) {
        let mut path: Names = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.finish(&mut path, line);
                        line = ident.span().start().line;
                    }
                    colons = 0;
                    path.push(ident.unraw().to_string());
                }
                TokenTree::Group(group) => {
                    self.finish(&mut path, line);
                    colons = 0;
                    self.visit_tokens(group.stream());
                }
                _ => {
                    self.finish(&mut path, line);
                    colons = 0;
                }
            }
        }
        self.finish(&mut path, line);
    }

    fn finish(&mut self, path: &mut Names, line: usize) {
        let path = std::mem::take(path);
        if !path.is_empty() {
            self.imports.push(Import { path, line });
        }
    }
}
