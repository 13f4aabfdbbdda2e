use super::literal::Problem;
use crate::ast::ExpressionKind;
use crate::error::quoted;

/// `year-month-day` in four, two and two digits; the day must exist in the Gregorian calendar.
pub(super) fn date(text: &str) -> Result<ExpressionKind, Problem> {
    let mut numbers = text.split('-').map(|part| part.parse::<i16>().unwrap_or(-1));
    let (year, month, day) =
        (numbers.next().unwrap_or(-1), numbers.next().unwrap_or(-1), numbers.next().unwrap_or(-1));
    let shown = quoted(text);
    if !(1..=12).contains(&month) {
        return Err(Problem::new(
            format!("{shown} is not a date: there is no month {month}"),
            "no such month",
            "write a date as year-month-day, with a month from 01 to 12",
        ));
    }
    let longest = days_in(year, month);
    if !(1..=longest).contains(&day) {
        return Err(Problem::new(
            format!("{shown} is not a date: that month has {longest} days"),
            "no such day",
            format!("write a day from 01 to {longest}"),
        ));
    }
    // Both are below 32 by now.
    Ok(ExpressionKind::Date { year, month: month as i8, day: day as i8 })
}

fn days_in(year: i16, month: i16) -> i16 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A date in another order, with other separators or without its zeros.
pub(super) fn misread(text: &str) -> Option<Problem> {
    let parts: Vec<&str> = text.split(['-', '.', '/']).collect();
    let [first, middle, last] = parts.as_slice() else { return None };
    if !parts.iter().all(|part| matches!(part.len(), 1..=4) && part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    let help = match (first.len(), middle.len(), last.len()) {
        (4, 1..=2, 1..=2) => format!("write it as `{first}-{middle:0>2}-{last:0>2}`"),
        // Day and month, or month and day: that depends on who wrote it.
        (1..=2, 1..=2, 4) => format!("write a date as year-month-day: `{last}-MM-DD`"),
        _ => return None,
    };
    Some(Problem::new(format!("{} is not a date as written here", quoted(text)), "not year-month-day", help))
}
