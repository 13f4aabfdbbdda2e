use std::fmt::Write;

use checks::CHECKS;
use serde_json::json;

use crate::arguments::{Explain, TextOrJson};
use crate::error::Error;
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Explain) -> Result<Status, Error> {
    let wanted: Vec<_> = match &arguments.check {
        None => CHECKS.to_vec(),
        Some(name) => match checks::find(name) {
            Some(check) => vec![check],
            None => {
                let guess = syntax::similar_name(name, CHECKS.iter().map(|check| check.name));
                let help = guess.map_or_else(
                    || "`flowright explain` lists the checks".to_owned(),
                    |guess| format!("did you mean `{guess}`?"),
                );
                return Err(Error::usage(format!("there is no check `{name}`"), help));
            }
        },
    };
    let text = match (arguments.format, &arguments.check) {
        (TextOrJson::Json, _) => {
            let checks = wanted.iter().map(|check| {
                json!({ "name": check.name, "level": check.level.as_str(), "summary": check.summary, "page": check.page })
            });
            let whole = json!({ "schema": "flowright.explain/1", "checks": checks.collect::<Vec<_>>() });
            format!("{whole:#}\n")
        }
        (TextOrJson::Full, Some(_)) => wanted.iter().map(|check| check.page).collect(),
        (TextOrJson::Full, None) => {
            let widest = wanted.iter().map(|check| check.name.len()).max().unwrap_or(0);
            let mut text = String::new();
            for check in wanted {
                let _ =
                    writeln!(text, "{:widest$}  {:7}  {}", check.name, check.level.as_str(), check.summary);
            }
            text
        }
    };
    output::answer(&text)?;
    Ok(Status::Clean)
}
