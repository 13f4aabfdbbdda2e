use std::fmt::Write;

use compiler::{Database, Date, LibraryRecord, library_records, modules};
use serde_json::json;

use crate::arguments::{Library, TextOrJson};
use crate::error::Error;
use crate::load::empty_project;
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Library) -> Result<Status, Error> {
    let db = Database::default();
    // What a document demands does not hang on the day.
    let project = empty_project(&db, Vec::new(), Date { year: 2000, month: 1, day: 1 });
    let pages = modules(&db, project);
    if let Some(name) = &arguments.module
        && !pages.iter().any(|page| page.path == *name)
    {
        let guess = syntax::similar_name(name, pages.iter().map(|page| page.path.as_str()));
        let help = guess.map_or_else(
            || "`flowright library` lists the modules".to_owned(),
            |guess| format!("did you mean `{guess}`?"),
        );
        return Err(Error::usage(format!("there is no module `{name}`"), help));
    }
    let records = library_records(&db, project, arguments.module.as_deref());
    let mut text = String::new();
    match (arguments.format, &arguments.module) {
        (TextOrJson::Json, module) => {
            let pages: Vec<_> =
                pages.iter().filter(|page| module.as_ref().is_none_or(|name| page.path == *name)).collect();
            let whole = json!({ "schema": "flowright.library/1", "modules": pages, "requirements": records });
            let _ = writeln!(text, "{whole:#}");
        }
        (TextOrJson::Full, None) => {
            for page in &pages {
                let rows = records.iter().filter(|record| record.module == page.path).count();
                let about = page.about.as_deref().and_then(|about| about.lines().next()).unwrap_or_default();
                let _ = writeln!(text, "{}  ({rows} rows)\n    {about}", page.path);
            }
        }
        (TextOrJson::Full, Some(name)) => {
            for page in pages.iter().filter(|page| page.path == *name) {
                let _ = writeln!(text, "{}", page.path);
                for line in page.about.iter().flat_map(|about| about.lines()) {
                    let _ = writeln!(text, "    {line}");
                }
                if let Some(document) = &page.document {
                    let version = page.version.as_ref().map(|it| format!(", {it}")).unwrap_or_default();
                    let _ = writeln!(text, "    from \"{document}\"{version}");
                }
                for open in &page.incomplete {
                    let _ = writeln!(text, "    left open: {open}");
                }
                let _ = writeln!(text, "\nparameters");
                for parameter in &page.parameters {
                    let default = parameter
                        .default
                        .as_ref()
                        .map_or("must be given".to_owned(), |it| format!("default {it}"));
                    let _ = writeln!(text, "    {}: {}, {default}", parameter.name, parameter.kind);
                    for line in parameter.about.iter().flat_map(|about| about.lines()) {
                        let _ = writeln!(text, "        {line}");
                    }
                }
                let _ = writeln!(text, "\nrows");
            }
            for record in &records {
                row(record, &mut text);
            }
        }
    }
    output::answer(&text)?;
    Ok(Status::Clean)
}

fn row(record: &LibraryRecord, text: &mut String) {
    let label = record.label.as_deref().unwrap_or("-");
    let services: Vec<String> = record
        .services
        .iter()
        .map(|service| {
            let source =
                service.source_ports.as_ref().map(|ports| format!(" from {ports}")).unwrap_or_default();
            match service.ports.as_slice() {
                [] => format!("{}{source}", service.protocol),
                ports => format!("{}/{}{source}", service.protocol, ports.join(",")),
            }
        })
        .collect();
    let services = services.join(if record.any_of { " or " } else { ", " });
    let optional = if record.optional { "optional " } else { "" };
    let _ = writeln!(text, "    {label}: {optional}{} -> {} {services}", record.from, record.to);
    for (what, list) in
        [("hosts", &record.hosts), ("addresses", &record.addresses), ("constraints", &record.constraints)]
    {
        if !list.is_empty() {
            let _ = writeln!(text, "        {what}: {}", list.join(", "));
        }
    }
    if !record.when.is_empty() {
        let when: Vec<String> = record.when.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let _ = writeln!(text, "        when {}", when.join(" and "));
    }
    for (what, said) in [
        ("row", &record.row),
        ("condition:", &record.condition),
        ("note:", &record.note),
        ("gone after", &record.deprecated),
    ] {
        if let Some(said) = said {
            let _ = writeln!(text, "        {what} {said}");
        }
    }
    for open in &record.incomplete {
        let _ = writeln!(text, "        left open: {open}");
    }
    if let Some(purpose) = &record.purpose {
        let _ = writeln!(text, "        {purpose}");
    }
}
