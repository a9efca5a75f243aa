//! No files of a crate import each other in a circle.
//!
//! A file imports another one when its code names an item that is defined there. A re-export (`pub use`) is not an
//! import of its own: a name is followed through it to the file that defines the item.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use petgraph::{algo::tarjan_scc, graphmap::DiGraphMap};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Ident, Item, ItemMod, ItemUse, Macro, UseTree, Visibility, visit};

use super::texts;

const CRATES: &str = "cli core providers sandbox server store";

/// The names that one file takes from another.
type Imports = BTreeMap<(usize, usize), BTreeSet<String>>;

pub(super) fn breaches(root: &Path) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for package in CRATES.split(' ') {
        let source = root.join("crates").join(package).join("src");
        let sources = texts(&source, "", "rs")?;
        let found = circles(&format!("recado_{package}"), &sources)?;
        let found = found.iter();
        breaches.extend(found.map(|circle| format!("crates/{package}/src: {circle}")));
    }
    Ok(breaches)
}

/// Returns a sentence for each circle of these files: their paths below `src`, and their texts.
fn circles(package: &str, sources: &[(String, String)]) -> Result<Vec<String>> {
    let mut modules = Vec::new();
    for (place, text) in sources {
        if !is_test(place) {
            let parsed = syn::parse_file(text).with_context(|| place.clone())?;
            modules.push(Module::read(place, package, &parsed.items));
        }
    }
    let imports = imports(&modules);
    let graph: DiGraphMap<usize, ()> = imports.keys().copied().collect();
    let mut sentences = Vec::new();
    for circle in tarjan_scc(&graph) {
        if circle.len() > 1 {
            let circle: BTreeSet<usize> = circle.into_iter().collect();
            sentences.push(sentence(&modules, &imports, &circle));
        }
    }
    sentences.sort();
    Ok(sentences)
}

fn is_test(place: &str) -> bool {
    place == "tests.rs" || place.ends_with("/tests.rs") || place.contains("/tests/")
}

fn sentence(modules: &[Module], imports: &Imports, circle: &BTreeSet<usize>) -> String {
    let place = |number: usize| modules[number].place.as_str();
    let names: Vec<_> = circle.iter().map(|number| place(*number)).collect();
    let mut text = format!(
        "{} files import each other in a circle ({}): move what ties them below both",
        circle.len(),
        names.join(", ")
    );
    let ties = (imports.iter())
        .filter(|((from, to), _)| circle.contains(from) && circle.contains(to))
        .map(|((from, to), names)| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let (from, to) = (place(*from), place(*to));
            format!("\n  {from} -> {to}: {}", names.join(", "))
        });
    text.extend(ties);
    text
}

fn imports(modules: &[Module]) -> Imports {
    let tree = Tree::of(modules);
    let mut imports = Imports::new();
    for (number, module) in modules.iter().enumerate() {
        for path in &module.used {
            if let Some((to, name)) = tree.definition(path, 0)
                && to != number
            {
                imports.entry((number, to)).or_default().insert(name);
            }
        }
    }
    imports
}

/// What one file defines, binds and uses; paths are absolute, without `crate`.
struct Module {
    place: String,
    path: Vec<String>,
    package: String,
    defined: BTreeSet<String>,
    /// The names that its `use` items bring in, and what they stand for.
    bound: BTreeMap<String, Vec<String>>,
    /// The modules of its `use …::*`.
    globs: Vec<Vec<String>>,
    used: Vec<Vec<String>>,
}

impl Module {
    fn read(place: &str, package: &str, items: &[Item]) -> Self {
        let path = place.trim_end_matches(".rs").split('/');
        let mut path: Vec<String> = path.map(str::to_owned).collect();
        path.pop_if(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
        let mut module = Self {
            place: place.to_owned(),
            path,
            package: package.to_owned(),
            defined: BTreeSet::new(),
            bound: BTreeMap::new(),
            globs: Vec::new(),
            used: Vec::new(),
        };
        for item in items {
            module.visit_item(item);
        }
        module
    }

    /// Makes a path absolute that begins with `crate`, `self`, `super` or the crate's name.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut base = self.path.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => base.clear(),
            first if first == self.package => base.clear(),
            "self" => {}
            "super" => {
                base.pop()?;
            }
            _ => return None,
        }
        rest = &rest[1..];
        while rest.first().is_some_and(|segment| segment == "super") {
            base.pop()?;
            rest = &rest[1..];
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    fn bind(&mut self, tree: &UseTree, before: &[String], is_import: bool) {
        let extended = |name: &Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.bind(&path.tree, &extended(&path.ident), is_import),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.bind(tree, before, is_import);
                }
            }
            UseTree::Glob(_) => {
                let module = self.absolute(before).unwrap_or_else(|| self.below(before));
                self.globs.push(module);
            }
            UseTree::Name(name) if name.ident == "self" => {
                let known = before.last().cloned().unwrap_or_default();
                self.bind_name(known, before, is_import);
            }
            UseTree::Name(name) => {
                self.bind_name(name.ident.to_string(), &extended(&name.ident), is_import);
            }
            UseTree::Rename(rename) => {
                let name = rename.rename.to_string();
                self.bind_name(name, &extended(&rename.ident), is_import);
            }
        }
    }

    fn bind_name(&mut self, name: String, path: &[String], is_import: bool) {
        let path = self.absolute(path).unwrap_or_else(|| self.below(path));
        if is_import {
            self.used.push(path.clone());
        }
        self.bound.insert(name, path);
    }

    /// A path that begins with a child module's name; a path into another crate leads nowhere.
    fn below(&self, path: &[String]) -> Vec<String> {
        [&self.path, path].concat()
    }

    /// Notes the paths in the arguments of a macro, which are tokens.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons < 2 {
                        self.note(&std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.note(&std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.read_tokens(group.stream());
                    }
                }
            }
        }
        self.note(&path);
    }

    fn note(&mut self, path: &[String]) {
        if !path.is_empty() {
            let path = self.absolute(path).unwrap_or_else(|| self.below(path));
            self.used.push(path);
        }
    }
}

impl Visit<'_> for Module {
    fn visit_item(&mut self, item: &Item) {
        let (name, attributes) = name_and_attributes(item);
        if is_for_tests(attributes) {
            return;
        }
        self.defined.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, module: &ItemMod) {
        // The names of a module inside the file are the file's own.
        for item in module.content.iter().flat_map(|(_, items)| items) {
            self.visit_item(item);
        }
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        let is_import = matches!(item.vis, Visibility::Inherited);
        self.bind(&item.tree, &[], is_import);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let segments = path.segments.iter();
        let segments: Vec<_> = segments.map(|segment| segment.ident.to_string()).collect();
        self.note(&segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &Macro) {
        self.visit_path(&called.path);
        self.read_tokens(called.tokens.clone());
    }
}

/// Returns the name that an item defines, and its attributes.
fn name_and_attributes(item: &Item) -> (Option<&Ident>, &[Attribute]) {
    match item {
        Item::Const(item) => (Some(&item.ident), &item.attrs),
        Item::Enum(item) => (Some(&item.ident), &item.attrs),
        Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
        Item::Impl(item) => (None, &item.attrs),
        Item::Macro(item) => (item.ident.as_ref(), &item.attrs),
        Item::Mod(item) => (None, &item.attrs),
        Item::Static(item) => (Some(&item.ident), &item.attrs),
        Item::Struct(item) => (Some(&item.ident), &item.attrs),
        Item::Trait(item) => (Some(&item.ident), &item.attrs),
        Item::Type(item) => (Some(&item.ident), &item.attrs),
        Item::Use(item) => (None, &item.attrs),
        _ => (None, &[]),
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && (attribute.meta.require_list())
                .is_ok_and(|condition| condition.tokens.to_string() == "test")
    })
}

/// The files of a crate by the path of their module.
struct Tree<'a> {
    modules: &'a [Module],
    numbers: BTreeMap<&'a [String], Vec<usize>>,
}

/// More re-exports than a name passes through.
const MAX_HOPS: usize = 16;

impl<'a> Tree<'a> {
    fn of(modules: &'a [Module]) -> Self {
        let mut numbers = BTreeMap::<_, Vec<usize>>::new();
        for (number, module) in modules.iter().enumerate() {
            numbers.entry(&module.path[..]).or_default().push(number);
        }
        Self { modules, numbers }
    }

    /// Returns the file that defines the item at this path, and the item's name; `None` if that is a module or
    /// an item of another crate.
    fn definition(&self, path: &[String], hops: usize) -> Option<(usize, String)> {
        if hops > MAX_HOPS {
            return None;
        }
        // The deepest file on the way; what follows is a name in it.
        let depth = (0..=path.len()).rev();
        let mut depth = depth.filter(|depth| self.numbers.contains_key(&path[..*depth]));
        let depth = depth.next()?;
        let (at, rest) = path.split_at(depth);
        let name = rest.first()?;
        for &number in self.numbers.get(at)? {
            let module = &self.modules[number];
            if module.defined.contains(name) {
                return Some((number, name.clone()));
            }
            if let Some(target) = module.bound.get(name) {
                let target = [target, &rest[1..]].concat();
                if target != path {
                    return self.definition(&target, hops + 1);
                }
            }
            for glob in &module.globs {
                let target = [&glob[..], rest].concat();
                if target != path
                    && let Some(found) = self.definition(&target, hops + 1)
                {
                    return Some(found);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles_of(sources: &[(&str, &str)]) -> Vec<String> {
        let owned = |(place, text): &(&str, &str)| ((*place).to_owned(), (*text).to_owned());
        circles("recado_x", &sources.iter().map(owned).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn two_files_that_use_each_other_are_a_circle_and_the_names_are_told() {
        let found = circles_of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            (
                "b.rs",
                "pub struct B; fn f() { let _ = vec![super::a::A::new()]; }",
            ),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("2 files import each other in a circle (a.rs, b.rs)"));
        assert!(found[0].contains("a.rs -> b.rs: B"), "{}", found[0]);
        assert!(found[0].contains("b.rs -> a.rs: A"), "{}", found[0]);
    }

    #[test]
    fn a_name_is_followed_through_re_exports_to_its_file() {
        let found = circles_of(&[
            ("lib.rs", "mod a; mod b; pub use b::*;"),
            ("a.rs", "use crate::B; pub struct A;"),
            ("b/mod.rs", "mod inner; pub use inner::B;"),
            ("b/inner.rs", "use recado_x::a::A; pub struct B;"),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("(a.rs, b/inner.rs)"), "{}", found[0]);
    }

    #[test]
    fn re_exports_and_tests_make_no_circle() {
        let found = circles_of(&[
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
            (
                "a.rs",
                "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
            ),
            ("b.rs", "use crate::A; pub struct B(A);"),
        ]);
        assert_eq!(found, [""; 0]);
    }
}
