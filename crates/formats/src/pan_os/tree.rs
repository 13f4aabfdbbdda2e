use std::borrow::Cow;
use std::collections::HashMap;

use diagnostics::TextRange;

use crate::Problem;

/// A configuration as the tree of words that `set` commands spell out, whatever shape the file has: the element
/// `<entry name="web">` is the word `web`, `<member>a</member>` the word `a`, and so is the text of an element.
pub struct Tree<'t> {
    pub text: &'t str,
    pub shape: Shape,
    nodes: Vec<Node<'t>>,
    /// The lines of `set` text, in the order of the file.
    pub lines: Vec<Line>,
    pub problems: Vec<Problem>,
    /// The file's version, where it says one.
    pub version: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Xml,
    /// Commands of the configuration mode, one to a line.
    Set,
    /// What `show` prints in configuration mode, with braces and semicolons.
    Braces,
}

/// The number of a node; the root is [`ROOT`].
pub type NodeId = u32;
pub const ROOT: NodeId = 0;
const NONE: u32 = u32::MAX;

struct Node<'t> {
    word: Cow<'t, str>,
    parent: u32,
    first: u32,
    last: u32,
    next: u32,
    place: TextRange,
    name: TextRange,
}

/// One line of `set` text.
pub struct Line {
    pub place: TextRange,
    pub command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The last word that the line spells out, not counting the members of a list.
    Set(NodeId),
    Delete,
    Move,
    /// It changes something here, and how is not known.
    Unknown(NodeId),
    Comment,
    /// Of the command line, not of the configuration.
    Other,
}

impl<'t> Tree<'t> {
    pub fn new(text: &'t str, shape: Shape) -> Self {
        let whole = TextRange::new(0, text.len());
        let root = Node {
            word: Cow::Borrowed(""),
            parent: NONE,
            first: NONE,
            last: NONE,
            next: NONE,
            place: whole,
            name: TextRange::new(0, 0),
        };
        Tree { text, shape, nodes: vec![root], lines: Vec::new(), problems: Vec::new(), version: None }
    }

    /// Adds a child after the others. `None` when there are more nodes than can be numbered.
    pub fn add(
        &mut self,
        parent: NodeId,
        word: Cow<'t, str>,
        place: TextRange,
        name: TextRange,
    ) -> Option<NodeId> {
        let id = u32::try_from(self.nodes.len()).ok().filter(|id| *id < NONE)?;
        self.nodes.push(Node { word, parent, first: NONE, last: NONE, next: NONE, place, name });
        self.append(parent, id);
        Some(id)
    }

    fn append(&mut self, parent: NodeId, id: NodeId) {
        let last = self.nodes.get(parent as usize).map_or(NONE, |parent| parent.last);
        match self.nodes.get_mut(last as usize) {
            Some(last) => last.next = id,
            None => self.update(parent, |parent| parent.first = id),
        }
        self.update(parent, |parent| parent.last = id);
    }

    fn update(&mut self, id: NodeId, change: impl FnOnce(&mut Node<'t>)) {
        if let Some(node) = self.nodes.get_mut(id as usize) {
            change(node);
        }
    }

    /// Lets the node end where `end` does.
    pub fn extend_place(&mut self, id: NodeId, end: usize) {
        self.update(id, |node| node.place = TextRange::new(node.place.start as usize, end));
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn word(&self, id: NodeId) -> &str {
        self.nodes.get(id as usize).map_or("", |node| &node.word)
    }

    fn own_word(&self, id: NodeId) -> Cow<'t, str> {
        self.nodes.get(id as usize).map_or(Cow::Borrowed(""), |node| node.word.clone())
    }

    pub fn place(&self, id: NodeId) -> TextRange {
        self.nodes.get(id as usize).map_or(TextRange::new(0, 0), |node| node.place)
    }

    /// Where its word stands.
    pub fn name(&self, id: NodeId) -> TextRange {
        self.nodes.get(id as usize).map_or(TextRange::new(0, 0), |node| node.name)
    }

    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id as usize).map(|node| node.parent).filter(|parent| *parent != NONE)
    }

    pub fn first(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id as usize).map(|node| node.first).filter(|first| *first != NONE)
    }

    pub fn next(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id as usize).map(|node| node.next).filter(|next| *next != NONE)
    }

    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.first(id), |child| self.next(*child))
    }

    /// The first child with this word.
    pub fn child(&self, id: NodeId, word: &str) -> Option<NodeId> {
        self.children(id).find(|child| self.word(*child) == word)
    }

    /// The node that the words lead to.
    pub fn descend(&self, id: NodeId, words: &[&str]) -> Option<NodeId> {
        words.iter().try_fold(id, |at, word| self.child(at, word))
    }

    pub fn last(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id as usize).map(|node| node.last).filter(|last| *last != NONE)
    }

    /// The one word below `id`; where commands set several in turn, the last.
    pub fn value(&self, id: NodeId) -> Option<&str> {
        self.last(id).map(|child| self.word(child))
    }

    /// The word below the child `key`.
    pub fn value_of(&self, id: NodeId, key: &str) -> Option<&str> {
        self.child(id, key).and_then(|child| self.value(child))
    }

    /// The words from the root to the node, both left out where they are not words.
    pub fn path(&self, id: NodeId) -> Vec<&str> {
        let mut path: Vec<&str> = std::iter::successors(Some(id), |at| self.parent(*at))
            .filter(|at| *at != ROOT)
            .map(|at| self.word(at))
            .collect();
        path.reverse();
        path
    }

    /// The node and all below it, parents first, in order.
    pub fn below(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut next = Some(id);
        std::iter::from_fn(move || {
            let at = next?;
            next = self.first(at).or_else(|| self.after(at, id));
            Some(at)
        })
    }

    /// The node that follows the whole of `at` in order, inside of `top`.
    pub fn after(&self, mut at: NodeId, top: NodeId) -> Option<NodeId> {
        while at != top {
            if let Some(next) = self.next(at) {
                return Some(next);
            }
            at = self.parent(at)?;
        }
        None
    }

    /// Takes a child out of its parent's list; it stays where it is in the file.
    pub fn unlink(&mut self, id: NodeId) {
        let Some(parent) = self.parent(id) else { return };
        let before = self.children(parent).take_while(|child| *child != id).last();
        let next = self.next(id).unwrap_or(NONE);
        match before {
            Some(before) => self.update(before, |before| before.next = next),
            None => self.update(parent, |parent| parent.first = next),
        }
        if next == NONE {
            self.update(parent, |parent| parent.last = before.unwrap_or(NONE));
        }
        self.update(id, |node| node.next = NONE);
    }

    /// Puts a child that was taken out back before (or with `None`, after) the others.
    pub fn link(&mut self, id: NodeId, target: Target) {
        let Some(parent) = self.parent(id) else { return };
        let before = match target {
            Target::Top => self.first(parent),
            Target::Bottom => None,
            Target::Before(other) => Some(other),
            Target::After(other) => self.next(other),
        };
        let Some(before) = before else { return self.append(parent, id) };
        let previous = self.children(parent).take_while(|child| *child != before).last();
        self.update(id, |node| node.next = before);
        match previous {
            Some(previous) => self.update(previous, |previous| previous.next = id),
            None => self.update(parent, |parent| parent.first = id),
        }
    }
}

/// Where a child is put among its brothers.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    Top,
    Bottom,
    Before(NodeId),
    After(NodeId),
}

/// Finds children by their words, so that two lines with the same words meet.
#[derive(Default)]
pub struct ChildIndex<'t> {
    /// The children of nodes that have many.
    many: HashMap<(NodeId, Cow<'t, str>), NodeId>,
    /// How many children each node was given.
    counts: Vec<u32>,
}

/// So many children are looked through one by one.
const FEW: u32 = 8;

impl<'t> ChildIndex<'t> {
    fn count(&self, parent: NodeId) -> u32 {
        self.counts.get(parent as usize).copied().unwrap_or(0)
    }

    pub fn find(&self, tree: &Tree<'t>, parent: NodeId, word: Cow<'t, str>) -> Option<NodeId> {
        if self.count(parent) > FEW {
            self.many.get(&(parent, word)).copied()
        } else {
            tree.child(parent, &word)
        }
    }

    /// Notes that `child` was added to `parent`.
    pub fn note(&mut self, tree: &Tree<'t>, parent: NodeId, word: Cow<'t, str>, child: NodeId) {
        if self.counts.len() < tree.len() {
            self.counts.resize(tree.len().next_power_of_two(), 0);
        }
        let Some(count) = self.counts.get_mut(parent as usize) else { return };
        *count += 1;
        match (*count).cmp(&(FEW + 1)) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Greater => {
                self.many.insert((parent, word), child);
            }
            std::cmp::Ordering::Equal => {
                for child in tree.children(parent) {
                    self.many.insert((parent, tree.own_word(child)), child);
                }
            }
        }
    }

    pub fn forget(&mut self, parent: NodeId, word: Cow<'t, str>) {
        self.many.remove(&(parent, word));
    }
}
