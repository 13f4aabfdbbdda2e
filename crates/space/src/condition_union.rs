use crate::{Conditions, Effort, Exhausted, Symbol};

/// The canonical form of a union of conjunctions: disjoint, sorted, the same for every way of writing the union.
///
/// A reduced decision tree, written out. Its order is that of the symbols, the last one (the narrowest name) first; a
/// symbol is left out where, whenever it may be true, its value changes nothing. Whether it may be is what the facts
/// say: below, `*.b` is true on the branch where `a.b` is.
///
/// The tree is walked with a stack of its own: exports can bring in thousands of symbols.
pub(crate) fn canonical_conditions(
    all: &[&Conditions],
    effort: &Effort,
) -> Result<Vec<Conditions>, Exhausted> {
    let mut tasks = vec![Task::Solve(all.iter().map(|conditions| conditions.literals().to_vec()).collect())];
    let mut solved: Vec<Vec<Conditions>> = Vec::new();
    while let Some(task) = tasks.pop() {
        match task {
            Task::Solve(all) => {
                effort.look(all.iter().map(|literals| literals.len() + 1).sum())?;
                if all.iter().any(Vec::is_empty) {
                    solved.push(vec![Conditions::none()]);
                    continue;
                }
                if let [one] = all.as_slice() {
                    solved.push(vec![Conditions::reduced(one)]);
                    continue;
                }
                let Some(symbol) =
                    all.iter().filter_map(|literals| literals.last()).map(|(symbol, _)| symbol).max()
                else {
                    solved.push(Vec::new());
                    continue;
                };
                let symbol = symbol.clone();
                let above = symbol.above();
                let (without, with) = (branch(&all, &symbol, false), branch(&all, &symbol, true));
                let bound = without.iter().flatten().any(|(other, _)| above.contains(other));
                let without_under_above = bound.then(|| under(&without, &above));
                tasks.push(Task::Join { symbol, bound });
                // What is pushed last is solved first.
                tasks.push(Task::Solve(under(&with, &above)));
                tasks.extend(without_under_above.map(Task::Solve));
                tasks.push(Task::Solve(without));
            }
            Task::Join { symbol, bound } => {
                let with = solved.pop().unwrap_or_default();
                let compared = if bound { solved.pop() } else { None };
                let without = solved.pop().unwrap_or_default();
                if *compared.as_ref().unwrap_or(&without) == with {
                    solved.push(without);
                    continue;
                }
                let mut out = Vec::with_capacity(without.len() + with.len());
                for (branch, value) in [(without, false), (with, true)] {
                    let literal = Conditions::literal(&symbol, value);
                    effort
                        .look(branch.iter().map(|conditions| 4 * (conditions.literals().len() + 1)).sum())?;
                    out.extend(branch.iter().filter_map(|conditions| conditions.and(&literal)));
                }
                out.sort();
                solved.push(out);
            }
        }
    }
    Ok(solved.pop().unwrap_or_default())
}

type Literals = Vec<(Symbol, bool)>;

enum Task {
    Solve(Vec<Literals>),
    /// Takes the solutions with and without `symbol` from the stack, and between them, where `bound`, the one without
    /// it in so far as the wildcards above hold.
    Join {
        symbol: Symbol,
        bound: bool,
    },
}

/// What remains of the conjunctions when `symbol`, the greatest in all of them, has this value.
fn branch(all: &[Literals], symbol: &Symbol, value: bool) -> Vec<Literals> {
    let kept = all.iter().filter_map(|literals| match literals.split_last() {
        Some(((last, held), rest)) if last == symbol => (*held == value).then(|| rest.to_vec()),
        _ => Some(literals.clone()),
    });
    kept.collect()
}

/// What remains of the conjunctions when all of `above` hold.
fn under(all: &[Literals], above: &[Symbol]) -> Vec<Literals> {
    let possible =
        all.iter().filter(|literals| !literals.iter().any(|(other, held)| !held && above.contains(other)));
    possible
        .map(|literals| literals.iter().filter(|(other, _)| !above.contains(other)).cloned().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Side, SymbolKind};

    fn canonical(all: &[Conditions]) -> Vec<Conditions> {
        canonical_conditions(&all.iter().collect::<Vec<_>>(), &Effort::usual()).unwrap()
    }

    fn is(name: &str) -> Conditions {
        Conditions::named(Side::Destination, name)
    }

    fn is_not(name: &str) -> Conditions {
        Conditions::lacks(Symbol::new(Side::Destination, SymbolKind::Name, name))
    }

    #[test]
    fn a_conjunction_stays_one() {
        for one in [is("a.b.c"), is_not("a.b.c"), is_not("*.c"), is("*.c").and(&is_not("a.b.c")).unwrap()] {
            assert_eq!(canonical(std::slice::from_ref(&one)), [one]);
        }
        assert_eq!(canonical(&[is_not("*.c").and(&is_not("a.c")).unwrap()]), [is_not("*.c")]);
    }

    #[test]
    fn both_sides_of_a_name_are_what_is_above_it() {
        assert_eq!(canonical(&[is("a.c"), is("*.c").and(&is_not("a.c")).unwrap()]), [is("*.c")]);
        assert_eq!(canonical(&[is("a.c"), is_not("a.c")]), [Conditions::none()]);
        assert_eq!(canonical(&[is_not("*.c"), is_not("a.c")]), [is_not("a.c")]);
        assert_eq!(canonical(&[]), []);
    }

    #[test]
    fn thousands_of_symbols_need_no_deep_stack() {
        let all: Vec<Conditions> = (0..3_000).map(|number| is_not(&format!("h{number}.example"))).collect();
        let both = all.iter().try_fold(Conditions::none(), |all, one| all.and(one)).unwrap();
        assert_eq!(canonical(std::slice::from_ref(&both)), [both]);
        let every: Vec<&Conditions> = all.iter().collect();
        assert!(canonical_conditions(&every, &Effort::limited(1_000)).is_err());
    }
}
