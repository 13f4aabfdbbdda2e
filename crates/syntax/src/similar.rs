/// The candidate that `word` is most likely a slip of, for "did you mean": the nearest by insertions, deletions,
/// substitutions and swaps of neighbours, upper and lower case alike, if no more than a third of the word is
/// wrong. Of equally near ones the first.
pub fn similar_name<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
        // The shorter of the two decides, so that `a` is not taken for `ab`.
        let bound = match word.len().min(other.len()) {
            0 | 1 => 0,
            length => (length / 3).max(1),
        };
        if other.len() > LONGEST || word.len().abs_diff(other.len()) > bound {
            continue;
        }
        let distance = distance(&word, &other);
        if distance <= bound && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Names beyond this many characters are compared with nothing.
const LONGEST: usize = 64;

/// The Damerau-Levenshtein distance in its restricted form (no part is edited twice).
fn distance(left: &[char], right: &[char]) -> usize {
    let width = right.len() + 1;
    let mut before_last: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (row, &from) in left.iter().enumerate() {
        let mut current = vec![row + 1; width];
        for (column, &to) in right.iter().enumerate() {
            let substituted = last[column] + usize::from(from != to);
            let mut least = substituted.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && from == right[column - 1] && left[row - 1] == to {
                least = least.min(before_last[column - 1] + 1);
            }
            current[column + 1] = least;
        }
        before_last = last;
        last = current;
    }
    last[width - 1]
}

#[cfg(test)]
mod tests {
    use super::similar_name;

    #[test]
    fn finds_slips() {
        let keywords = ["role", "service", "firewall", "import", "waive"];
        assert_eq!(similar_name("rloe", keywords), Some("role"));
        assert_eq!(similar_name("Role", keywords), Some("role"));
        assert_eq!(similar_name("fierwall", keywords), Some("firewall"));
        assert_eq!(similar_name("improt", keywords), Some("import"));
        assert_eq!(similar_name("serice", keywords), Some("service"));
    }

    #[test]
    fn guesses_nothing_far_fetched() {
        assert_eq!(similar_name("clients", ["servers", "proxies"]), None);
        assert_eq!(similar_name("a", ["b"]), None);
        assert_eq!(similar_name("", ["a"]), None);
        assert_eq!(similar_name(&"x".repeat(10_000), ["x"]), None);
    }

    #[test]
    fn takes_the_nearest_then_the_first() {
        assert_eq!(similar_name("proxys", ["proxies", "proxy"]), Some("proxy"));
        assert_eq!(similar_name("role_c", ["role_a", "role_b"]), Some("role_a"));
    }
}
