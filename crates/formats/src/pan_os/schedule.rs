use super::tree::{NodeId, Tree};
use super::values::number;
use crate::Day;

/// The last day of a schedule that ends: all it has are spans `2027/01/01@00:00-2027/01/31@23:59`.
pub fn last_day(tree: &Tree<'_>, schedule: NodeId) -> Option<Day> {
    // Before PAN-OS 8 there was no `schedule-type` around it.
    let kinds = tree.child(schedule, "schedule-type").unwrap_or(schedule);
    if tree.child(kinds, "recurring").is_some() {
        return None;
    }
    let once = tree.child(kinds, "non-recurring")?;
    let mut last = None;
    for span in tree.children(once) {
        let (_, end) = tree.word(span).split_once('-')?;
        let (date, _) = end.split_once('@')?;
        let mut parts = date.split('/');
        let day = Day {
            year: number(parts.next()?)?,
            month: number(parts.next()?).filter(|month| (1..=12).contains(month))?,
            day: number(parts.next()?).filter(|day| (1..=31).contains(day))?,
        };
        last = last.max(Some(day));
    }
    last
}
