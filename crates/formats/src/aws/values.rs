use std::net::IpAddr;

use ipnet::IpNet;

use crate::json::{Kind, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// A prefix of one family, and whether it has bits beyond its length. AWS takes no address without a length, and
/// leading zeros are refused: some read them as octal.
pub fn network(text: &str, family: Family) -> Option<(IpNet, bool)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let plain =
        length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    let net = IpNet::new(address, length.parse().ok().filter(|_| plain)?).ok()?;
    let fits = matches!((address, family), (IpAddr::V4(_), Family::V4) | (IpAddr::V6(_), Family::V6));
    fits.then_some((net, net.addr() != net.network()))
}

/// A prefix of either family.
pub fn any_network(text: &str) -> Option<(IpNet, bool)> {
    network(text, Family::V4).or_else(|| network(text, Family::V6))
}

/// A whole number, written as one or as text.
pub fn integer(value: Value<'_>) -> Option<i64> {
    match value.kind() {
        Kind::Number => value.raw().parse().ok(),
        Kind::String => value.string()?.trim().parse().ok(),
        _ => None,
    }
}

/// `true` or `false`, written as such or as text.
pub fn boolean(value: Value<'_>) -> Option<bool> {
    match value.kind() {
        Kind::Bool => Some(value.raw() == "true"),
        Kind::String => {
            let text = value.string()?;
            let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
            if is("true") {
                Some(true)
            } else if is("false") {
                Some(false)
            } else {
                None
            }
        }
        _ => None,
    }
}

/// What a string says, without blanks around it; `None` for what is no string, and for an empty one.
pub fn text<'j>(value: Option<Value<'j>>) -> Option<String> {
    value?.string().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_of_the_family_that_their_key_says() {
        let read = |text: &str, family| network(text, family).map(|(net, host)| (net.to_string(), host));
        assert_eq!(read("10.0.0.0/8", Family::V4), Some(("10.0.0.0/8".to_owned(), false)));
        assert_eq!(read("10.0.0.1/8", Family::V4), Some(("10.0.0.1/8".to_owned(), true)));
        assert_eq!(read("::/0", Family::V6), Some(("::/0".to_owned(), false)));
        for bad in [
            "10.0.0.1",
            "",
            "/",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "010.0.0.0/8",
            "::/0",
            "any",
            "10.0.0.0/",
        ] {
            assert_eq!(read(bad, Family::V4), None, "{bad}");
        }
        assert_eq!(read("10.0.0.0/8", Family::V6), None);
    }
}
