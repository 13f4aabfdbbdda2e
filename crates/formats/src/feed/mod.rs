//! Address feeds: lists that a vendor publishes of which addresses its names and tags have. See README.md.

mod aws_ip_ranges;
mod azure_service_tags;
mod difference;
mod kind;
mod lookup;
mod m365_endpoints;
mod model;
mod object;
mod pattern;
mod values;

#[cfg(test)]
mod tests;

pub use difference::{FeedDifference, Known, Moved, difference};
pub use kind::{FeedKind, detect, find, read};
pub use model::{Feed, FeedEntry};

/// Every kind of feed there is. Detection and the names on the command line are derived from it.
pub static FEEDS: &[&dyn FeedKind] =
    &[&m365_endpoints::M365Endpoints, &azure_service_tags::AzureServiceTags, &aws_ip_ranges::AwsIpRanges];
