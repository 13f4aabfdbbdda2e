use std::sync::Arc;

use crate::Set;

/// A set of names of one kind (interfaces, zones): exact names, names that begin in some way, and complements.
///
/// Names are ordered as byte strings, so that "begins with `eth`" is an interval and the set is a list of places
/// where membership flips. It starts outside; the form is canonical.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameSet {
    flips: Arc<[Box<[u8]>]>,
}

impl NameSet {
    pub fn one(name: &str) -> Self {
        let after = [name.as_bytes(), &[0]].concat();
        NameSet { flips: vec![name.as_bytes().into(), after.into()].into() }
    }

    /// Every name that begins with `prefix`; with an empty one, every name.
    pub fn starting_with(prefix: &str) -> Self {
        let mut flips: Vec<Box<[u8]>> = vec![prefix.as_bytes().into()];
        // The first string after all of those is the prefix with its last byte raised. A name is UTF-8, so no byte
        // of it is 255 and one step is enough.
        if let Some((last, head)) = prefix.as_bytes().split_last() {
            flips.push([head, &[last + 1]].concat().into());
        }
        NameSet { flips: flips.into() }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.flips.partition_point(|flip| **flip <= *name.as_bytes()) % 2 == 1
    }

    /// The exact names, when the set is a finite list of them.
    pub fn exact(&self) -> Option<Vec<&str>> {
        if self.flips.len() % 2 == 1 {
            return None;
        }
        self.flips
            .chunks_exact(2)
            .map(|pair| match pair {
                [name, after] if after.strip_prefix(&**name) == Some(&[0]) => std::str::from_utf8(name).ok(),
                _ => None,
            })
            .collect()
    }

    /// How many pieces it is kept in.
    pub(crate) fn flips(&self) -> usize {
        self.flips.len()
    }

    /// A name in the set, for a witness. `None` where the set is empty.
    pub fn example(&self) -> Option<String> {
        let usual = ["eth0", "eth1", "eth2"].map(str::to_owned).into_iter();
        // Each odd flip begins a part of the set. Numbered names after it are many enough to meet one that is not
        // taken out again, unless whole prefixes are; the first name of the part is always one.
        let parts = self.flips.iter().step_by(2).flat_map(|flip| {
            let text = String::from_utf8_lossy(flip);
            let stem = text.trim_end_matches(['\0', char::REPLACEMENT_CHARACTER]).to_owned();
            let numbered = (0..=self.flips.len()).map(move |number| format!("{stem}{number}"));
            text_from(flip)
                .into_iter()
                .filter(|name| !name.is_empty() && !name.contains('\0'))
                .chain(numbered)
        });
        let plain = self.flips.iter().step_by(2).filter_map(|flip| text_from(flip));
        usual.chain(parts).chain(plain).find(|name| self.contains(name))
    }

    /// The set as a reader writes it, where it is a union of exact names and of prefixes: `eth0`, `tun*`.
    pub(crate) fn patterns(&self) -> Option<Vec<String>> {
        let ends = self.flips.iter().skip(1).step_by(2).map(Some).chain(std::iter::once(None));
        let parts = self.flips.iter().step_by(2).zip(ends).map(|(start, end)| {
            let name = std::str::from_utf8(start).ok()?;
            let [exact, prefix] = [NameSet::one(name), NameSet::starting_with(name)];
            let is = |set: &NameSet| set.flips.get(1) == end;
            if is(&exact) { Some(name.to_owned()) } else { is(&prefix).then(|| format!("{name}*")) }
        });
        parts.collect()
    }

    fn combine(&self, other: &Self, keep: impl Fn(bool, bool) -> bool) -> Self {
        let mut flips: Vec<Box<[u8]>> = Vec::new();
        let (mut left, mut right) = (self.flips.iter().peekable(), other.flips.iter().peekable());
        let (mut in_left, mut in_right, mut inside) = (false, false, false);
        loop {
            let at = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(at), None) | (None, Some(at)) => (*at).clone(),
                (Some(a), Some(b)) => (*a).min(*b).clone(),
            };
            if left.next_if(|flip| **flip == at).is_some() {
                in_left = !in_left;
            }
            if right.next_if(|flip| **flip == at).is_some() {
                in_right = !in_right;
            }
            if keep(in_left, in_right) != inside {
                inside = !inside;
                flips.push(at);
            }
        }
        NameSet { flips: flips.into() }
    }
}

/// The first text that is not before `bytes`; `None` where there is none nearby.
fn text_from(bytes: &[u8]) -> Option<String> {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => return Some(text.to_owned()),
        Err(error) => bytes.get(..error.valid_up_to())?,
    };
    // What is not UTF-8 came from raising the last byte of a prefix: the next text has the next character there.
    let mut before = bytes.get(valid.len()..)?.to_vec();
    *before.last_mut()? -= 1;
    let last = std::str::from_utf8(&before).ok()?.chars().next()?;
    let next = (last..=char::MAX).nth(1)?;
    Some(format!("{}{next}", String::from_utf8_lossy(valid)))
}

impl Set for NameSet {
    fn any() -> Self {
        NameSet { flips: Arc::from([Box::from([])]) }
    }

    fn empty() -> Self {
        NameSet { flips: Arc::from([]) }
    }

    fn is_any(&self) -> bool {
        matches!(&*self.flips, [first] if first.is_empty())
    }

    fn is_empty(&self) -> bool {
        self.flips.is_empty()
    }

    fn intersect(&self, other: &Self) -> Self {
        if self.is_any() {
            return other.clone();
        }
        if other.is_any() {
            return self.clone();
        }
        self.combine(other, |a, b| a && b)
    }

    fn subtract(&self, other: &Self) -> Self {
        if other.is_any() {
            return Self::empty();
        }
        self.combine(other, |a, b| a && !b)
    }

    fn union(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a || b)
    }

    fn overlaps(&self, other: &Self) -> bool {
        if self.is_any() || other.is_any() {
            return !self.is_empty() && !other.is_empty();
        }
        !self.intersect(other).is_empty()
    }
}

impl std::fmt::Debug for NameSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let flips: Vec<_> = self.flips.iter().map(|flip| String::from_utf8_lossy(flip)).collect();
        write!(f, "NameSet{flips:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_and_its_complement() {
        let ethernet = NameSet::starting_with("eth");
        assert!(ethernet.contains("eth0") && ethernet.contains("eth") && !ethernet.contains("et"));
        assert!(!ethernet.contains("etz") && ethernet.complement().contains("lo"));
        assert!(ethernet.union(&ethernet.complement()).is_any());
        assert!(NameSet::starting_with("").is_any());
    }

    #[test]
    fn exact_names_come_back() {
        let two = NameSet::one("eth0").union(&NameSet::one("eth1"));
        assert_eq!(two.exact(), Some(vec!["eth0", "eth1"]));
        assert_eq!(NameSet::one("eth0").complement().exact(), None);
        assert_eq!(NameSet::starting_with("eth").exact(), None);
        assert!(two.subtract(&NameSet::starting_with("eth")).is_empty());
    }

    #[test]
    fn an_example_lies_in_the_set() {
        let numbers = (0..30).map(|number| NameSet::one(&format!("eth{number}")));
        let many = numbers.chain([NameSet::one("eth")]).reduce(|all, one| all.union(&one)).unwrap();
        let digits = (0..10)
            .map(|digit| NameSet::starting_with(&format!("a{digit}")))
            .reduce(|a, b| a.union(&b))
            .unwrap();
        for set in [
            NameSet::any(),
            NameSet::one("lo"),
            NameSet::one(""),
            NameSet::starting_with("tun").complement(),
            NameSet::starting_with("eth").subtract(&many),
            many.complement(),
            NameSet::starting_with("a").subtract(&digits).subtract(&NameSet::one("a")),
            NameSet::starting_with("\u{7f}")
                .complement()
                .subtract(&NameSet::starting_with("\u{7f}"))
                .subtract(&all_ascii()),
            NameSet::starting_with("\u{7ff}").complement().subtract(&all_ascii()),
        ] {
            assert!(set.example().is_some_and(|name| set.contains(&name)), "{set:?}: {:?}", set.example());
        }
        assert_eq!(NameSet::empty().example(), None);
        assert_eq!(NameSet::starting_with("eth").subtract(&many).example().as_deref(), Some("eth30"));
    }

    /// The empty name and all that begin with an ASCII character.
    fn all_ascii() -> NameSet {
        let prefixes = ('\0'..='\u{7f}').map(|character| NameSet::starting_with(&character.to_string()));
        prefixes.fold(NameSet::one(""), |all, one| all.union(&one))
    }

    #[test]
    fn patterns_are_what_a_reader_writes() {
        let some = NameSet::starting_with("tun").union(&NameSet::one("eth0"));
        assert_eq!(some.patterns(), Some(vec!["eth0".to_owned(), "tun*".to_owned()]));
        assert_eq!(some.complement().patterns(), None);
        assert_eq!(NameSet::any().patterns(), Some(vec!["*".to_owned()]));
        assert_eq!(NameSet::empty().patterns(), Some(vec![]));
    }
}
