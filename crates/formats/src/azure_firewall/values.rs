use std::net::IpAddr;

use ipnet::IpNet;
use space::AddressSet;

/// An address, a prefix, or a range `low-high`, and the way Azure takes it where that is another one (host bits).
/// Leading zeros are refused: some read them as octal.
pub fn addresses(text: &str) -> Option<(AddressSet, Option<IpNet>)> {
    if let Some((low, high)) = text.split_once('-') {
        let (low, high): (IpAddr, IpAddr) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        let set = AddressSet::range(low, high);
        return (!space::Set::is_empty(&set)).then_some((set, None));
    }
    let (net, has_host_bits) = network(text)?;
    Some((net.into(), has_host_bits.then(|| net.trunc())))
}

fn network(text: &str) -> Option<(IpNet, bool)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    if !address.starts_with(|first: char| first.is_ascii_hexdigit() || first == ':') {
        return None;
    }
    let address: IpAddr = address.parse().ok()?;
    let net = match length {
        None => IpNet::from(address),
        Some(length) => {
            let plain = length.bytes().all(|byte| byte.is_ascii_digit())
                && (length == "0" || !length.starts_with('0'));
            IpNet::new(address, length.parse().ok().filter(|_| plain)?).ok()?
        }
    };
    Some((net, net.addr() != net.network()))
}

/// `*`, a port, or `low-high`.
pub fn port_range(text: &str) -> Result<(u16, u16), &'static str> {
    if text == "*" {
        return Ok((0, u16::MAX));
    }
    let port = |text: &str| {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("is no port and no range of ports");
        }
        text.parse::<u16>().map_err(|_| "is above the highest port, 65535")
    };
    let (low, high) = match text.split_once('-') {
        Some((low, high)) => (port(low)?, port(high)?),
        None => (port(text)?, port(text)?),
    };
    if low > high { Err("ends before it starts") } else { Ok((low, high)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_azure_reads_them() {
        let read = |text: &str| addresses(text).map(|(set, taken)| (set.ranges().next(), taken.is_some()));
        let pair = |low: &str, high: &str| {
            Some((low.parse().expect("an address"), high.parse().expect("an address")))
        };
        assert_eq!(read("10.0.0.0/24"), Some((pair("10.0.0.0", "10.0.0.255"), false)));
        assert_eq!(read("10.0.0.7/24"), Some((pair("10.0.0.0", "10.0.0.255"), true)));
        assert_eq!(read("10.0.0.7"), Some((pair("10.0.0.7", "10.0.0.7"), false)));
        assert_eq!(read("10.0.0.7-10.0.1.2"), Some((pair("10.0.0.7", "10.0.1.2"), false)));
        assert_eq!(read("2001:db8::/127"), Some((pair("2001:db8::", "2001:db8::1"), false)));
        for bad in [
            "",
            "10.0.0",
            "10.0.0.300",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/08",
            "010.0.0.1",
            "10.0.0.9-10.0.0.1",
            "10.0.0.1-2001:db8::",
            "xx.xx.xx.xx-yy.yy.yy.yy",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn ports_are_read_as_azure_reads_them() {
        assert_eq!(port_range("*"), Ok((0, 65535)));
        assert_eq!(port_range("22"), Ok((22, 22)));
        assert_eq!(port_range("80-90"), Ok((80, 90)));
        for bad in ["", "70000", "0-65536", "90-80", "80,443", "http", "-1", "1-", "+1"] {
            assert!(port_range(bad).is_err(), "{bad}");
        }
    }
}
