use crate::TextRange;

/// One replacement in a text: insertion where the range is empty, removal where the text is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    pub range: TextRange,
    pub replacement: String,
}

/// Applies edits that do not overlap; insertions at one place keep their order.
/// `None` when two of them overlap or one lies outside the text or inside a character.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in sorted {
        let (start, end) = (edit.range.start as usize, edit.range.end as usize);
        out.push_str(text.get(at..start)?);
        text.get(start..end)?;
        out.push_str(&edit.replacement);
        at = end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, replacement: &str) -> Edit {
        Edit { range: TextRange::new(start, end), replacement: replacement.to_owned() }
    }

    #[test]
    fn edits_are_applied_by_place_whatever_their_order() {
        let edits = [edit(4, 7, "deny"), edit(0, 0, "no "), edit(7, 7, "!")];
        assert_eq!(apply("any any", &edits).as_deref(), Some("no any deny!"));
    }

    #[test]
    fn insertions_at_one_place_keep_their_order() {
        assert_eq!(apply("b", &[edit(0, 0, "1"), edit(0, 0, "2"), edit(0, 1, "")]).as_deref(), Some("12"));
    }

    #[test]
    fn what_cannot_be_applied_is_refused() {
        assert_eq!(apply("abc", &[edit(0, 2, ""), edit(1, 3, "")]), None, "they overlap");
        assert_eq!(apply("abc", &[edit(2, 4, "")]), None, "outside the text");
        assert_eq!(apply("aø", &[edit(2, 3, "")]), None, "inside a character");
        let reversed = Edit { range: TextRange { start: 2, end: 1 }, replacement: String::new() };
        assert_eq!(apply("abc", &[reversed]), None, "ends before it starts");
    }
}
