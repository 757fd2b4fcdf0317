//! Manifests written in any way, at random: what was injected is what is read, twice is once, and it is undone to the byte.
use super::*;
use proptest::prelude::*;

/// A manifest that is written by chance: block or flow, comments, blank lines, indentation, quotes, what is there and what is not.
struct Writer {
    choices: std::vec::IntoIter<u8>,
    step: usize,
}

enum Tree {
    Leaf(&'static str),
    List(Vec<Tree>),
    Map(Vec<(&'static str, Tree)>),
}

impl Writer {
    /// One of so many, by chance; the first when chance has run out.
    fn one_of(&mut self, many: u8) -> u8 {
        self.choices.next().unwrap_or(0) % many
    }

    fn sometimes(&mut self) -> bool {
        self.one_of(3) == 1
    }

    fn list(&mut self, items: &[&'static str]) -> Tree {
        let many = usize::from(self.one_of(3));
        Tree::List(items.iter().take(many).map(|item| named(item)).collect())
    }

    fn manifest(&mut self) -> Tree {
        let mut container = vec![("name", Tree::Leaf("web")), ("image", Tree::Leaf("web:1"))];
        let mut command = vec![Tree::Leaf("gunicorn")];
        if self.sometimes() {
            command.extend([Tree::Leaf("--title"), Tree::Leaf("'it''s: on'"), Tree::Leaf("\"a \\\" b\"")]);
        }
        container.push(("command", Tree::List(command)));
        container.push(("ports", Tree::List(vec![Tree::Map(vec![("containerPort", Tree::Leaf("8000"))])])));
        for key in ["env", "volumeMounts"] {
            if self.sometimes() {
                container.push((key, self.list(&["one", "two"])));
            }
        }
        if self.sometimes() {
            container.push(("workingDir", Tree::Leaf("/app")));
        }
        if self.sometimes() {
            container.rotate_left(2);
        }
        let mut containers = vec![Tree::Map(container)];
        if self.sometimes() {
            containers.push(named("proxy"));
        }
        let mut spec = vec![("containers", Tree::List(containers))];
        for key in ["volumes", "initContainers"] {
            if self.sometimes() {
                let list = self.list(&["three", "four"]);
                spec.insert(usize::from(self.one_of(2)), (key, list));
            }
        }
        let mut template = vec![("spec", Tree::Map(spec))];
        if self.sometimes() {
            let mut metadata = vec![("labels", Tree::Map(vec![("app", Tree::Leaf("web"))]))];
            if self.sometimes() {
                let many = usize::from(self.one_of(2));
                let annotations = [("a/b", Tree::Leaf("'x'"))].into_iter().take(many).collect();
                metadata.push(("annotations", Tree::Map(annotations)));
            }
            template.insert(usize::from(self.one_of(2)), ("metadata", Tree::Map(metadata)));
        }
        Tree::Map(vec![
            ("apiVersion", Tree::Leaf("apps/v1")),
            ("kind", Tree::Leaf("Deployment")),
            ("metadata", Tree::Map(vec![("name", Tree::Leaf("web"))])),
            ("spec", Tree::Map(vec![("template", Tree::Map(template))])),
        ])
    }

    /// What may stand behind something in its line.
    fn line_end(&mut self) -> &'static str {
        ["\n", " # c: d\n", "   \n", "\n\n", "\n# {[\n", "\n      # - x\n"][usize::from(self.one_of(6))]
    }

    fn block(&mut self, tree: &Tree, column: usize, text: &mut String) {
        match tree {
            Tree::Leaf(leaf) => {
                *text += leaf;
                *text += self.line_end();
            }
            _ if self.one_of(4) == 1 => {
                self.flow(tree, column, text);
                *text += self.line_end();
            }
            Tree::Map(entries) if entries.is_empty() => *text += "{}\n",
            Tree::List(items) if items.is_empty() => *text += "[]\n",
            Tree::Map(entries) => {
                for (number, (key, value)) in entries.iter().enumerate() {
                    if number > 0 {
                        *text += &" ".repeat(column);
                    }
                    *text += key;
                    *text += ":";
                    self.value(value, column, text);
                }
            }
            Tree::List(items) => {
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        *text += &" ".repeat(column);
                    }
                    *text += "- ";
                    self.block(item, column + 2, text);
                }
            }
        }
    }

    fn value(&mut self, value: &Tree, column: usize, text: &mut String) {
        match value {
            Tree::Map(entries) if entries.is_empty() && self.sometimes() => *text += self.line_end(),
            Tree::List(items) if items.is_empty() && self.sometimes() => *text += self.line_end(),
            Tree::Map(_) | Tree::List(_) if self.one_of(4) == 1 || value.is_empty() => {
                *text += " ";
                self.flow(value, column, text);
                *text += self.line_end();
            }
            Tree::Leaf(leaf) => {
                *text += " ";
                *text += leaf;
                *text += self.line_end();
            }
            _ => {
                *text += self.line_end();
                let column = column
                    + if matches!(value, Tree::List(_)) {
                        [0, 2][usize::from(self.one_of(2))]
                    } else {
                        self.step
                    };
                *text += &" ".repeat(column);
                self.lines(value, column, text);
            }
        }
    }

    /// In lines, whatever chance says.
    fn lines(&mut self, tree: &Tree, column: usize, text: &mut String) {
        match tree {
            Tree::Map(entries) => {
                for (number, (key, value)) in entries.iter().enumerate() {
                    *text += &if number > 0 { " ".repeat(column) } else { String::new() };
                    *text += key;
                    *text += ":";
                    self.value(value, column, text);
                }
            }
            Tree::List(items) => {
                for (number, item) in items.iter().enumerate() {
                    *text += &if number > 0 { " ".repeat(column) } else { String::new() };
                    *text += "- ";
                    self.block(item, column + 2, text);
                }
            }
            Tree::Leaf(_) => self.block(tree, column, text),
        }
    }

    fn flow(&mut self, tree: &Tree, column: usize, text: &mut String) {
        let blank = if self.sometimes() { format!("\n{}", " ".repeat(column + 3)) } else { String::new() };
        let comma = if self.sometimes() {
            format!(" , # c\n{}", " ".repeat(column + 3))
        } else {
            format!(",{blank} ")
        };
        let (open, close, parts): (_, _, Vec<String>) = match tree {
            Tree::Leaf(leaf) => return *text += leaf,
            Tree::Map(entries) => {
                let part = |(key, value): &(&str, Tree)| {
                    let mut text = format!("{key}: ");
                    self.flow(value, column, &mut text);
                    text
                };
                ("{", "}", entries.iter().map(part).collect())
            }
            Tree::List(items) => {
                let part = |item: &Tree| {
                    let mut text = String::new();
                    self.flow(item, column, &mut text);
                    text
                };
                ("[", "]", items.iter().map(part).collect())
            }
        };
        let last = if !parts.is_empty() && self.sometimes() { "," } else { "" };
        text.extend([open, &blank, &parts.join(&comma), last, &blank, close]);
    }
}

impl Tree {
    fn is_empty(&self) -> bool {
        match self {
            Self::Leaf(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
        }
    }
}

fn named(name: &'static str) -> Tree {
    Tree::Map(vec![("name", Tree::Leaf(name))])
}

fn manifest(choices: Vec<u8>) -> String {
    let mut writer = Writer { choices: choices.into_iter(), step: 2 };
    writer.step = [2, 4][usize::from(writer.one_of(2))];
    let (crlf, cut) = (writer.sometimes(), writer.sometimes());
    let tree = writer.manifest();
    let mut text = String::new();
    writer.lines(&tree, 0, &mut text);
    if cut {
        text.truncate(text.trim_end().len());
    }
    if crlf { text.replace('\n', "\r\n") } else { text }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn given_a_manifest_written_by_chance_then_it_is_undone_to_the_byte(
        choices in proptest::collection::vec(any::<u8>(), 0..300),
        mode in 0..3_usize,
        with_rbac: bool,
    ) {
        let text = manifest(choices);
        let options = Options { container: Some("web".to_owned()), with_rbac, ..options(MODES[mode]) };
        assert_exact(&text, &options);
    }

    #[test]
    fn given_any_text_then_nothing_panics(text in "([-:?{}\\[\\],&*!|>'\"%@# \\na-c\t\r]|kind: |v1|---\\n){0,60}") {
        let _ = inject(&text, &options(Mode::Hook));
        let _ = uninject(&text);
    }
}
