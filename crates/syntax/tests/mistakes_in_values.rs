//! Mistakes in names and values: what is underlined, what is said, what is advised, and what is left.

mod support;

use support::mistakes::check;

#[test]
fn names() {
    check(
        "role any = b",
        0,
        &[("any", "`any` cannot be a name", "choose another name: `any` has a meaning of its own")],
    );
    check(
        "role tcp = b",
        0,
        &[("tcp", "`tcp` cannot be a name", "choose another name: `tcp` has a meaning of its own")],
    );
    check(
        "icmp: a -> b",
        0,
        &[("icmp", "`icmp` cannot be a label", "choose another label: `icmp` has a meaning of its own")],
    );
    check("role 3com = 10.0.0.1", 0, &[("3com", "`3com` cannot be a name", "begin the name with a letter")]);
    check(
        r#"role "a" = 10.0.0.1"#,
        0,
        &[(
            r#""a""#,
            r#"expected a name, found the text `"a"`"#,
            "write names without quotes, made of the letters a to z, digits and `_`",
        )],
    );
    check(
        "backup-proxy -> b",
        0,
        &[("-", "`backup-proxy` is not a name: it has a `-`", "write `backup_proxy`")],
    );
    check(
        "a -> my-mail.example.com",
        0,
        &[(
            "-",
            "`my-mail.example.com` is not a name: it has a `-`",
            r#"write a host name in double quotes: `"my-mail.example.com"`"#,
        )],
    );
    check(
        "a -> *.example.com",
        0,
        &[(
            "*",
            "`*` has no meaning here",
            r#"write a wildcard name in double quotes, `"*.example.com"`, and `any` for everything"#,
        )],
    );
    check(
        "a. -> b",
        0,
        &[("->", "expected a name, found `->`", "a flow is written `source -> destination service`")],
    );
    check(
        "role über = a",
        0,
        &[(
            "ü",
            "`ü` has no meaning here",
            "names are made of the letters a to z, digits and `_`; write anything else as a text in double quotes",
        )],
    );
    check(
        "a -> or",
        0,
        &[(
            "or",
            "expected a value, found the word `or`",
            "a flow is written `source -> destination service`",
        )],
    );
}

#[test]
fn values() {
    check(
        "role a = b,c",
        0,
        &[(",", "expected the end of the line, found `,`", "write several values as a list: `[a, b]`")],
    );
    check(
        "role a = [b c]",
        0,
        &[(
            "c",
            "expected `,` or `]`, found `c`",
            "write `,` between the elements of a list, and its closing bracket after the last",
        )],
    );
    check(
        "role a = [b; c]",
        0,
        &[(";", "`;` has no meaning here", "write `,` between the elements of a list")],
    );
    check("role a = [,]", 0, &[(",", "expected a value or `]`, found `,`", "write `role name = value`")]);
    check(
        "role a = b |",
        0,
        &[(
            "|",
            "expected a value, found the end of the line",
            "write `role name = value`; only inside brackets does it go on in the next line",
        )],
    );
    check(
        "role a = b || c",
        0,
        &[(
            "|",
            "`||` is not a sign of the language",
            "write `|` for any one of several, or `or` for whichever the firewall can match",
        )],
    );
    check(
        "role a = b or",
        0,
        &[(
            "or",
            "expected a value, found the end of the line",
            "write `role name = value`; only inside brackets does it go on in the next line",
        )],
    );
    check(
        "role a = any any",
        0,
        &[("any", "expected the end of the line, found `any`", "write `role name = value`")],
    );
    check(
        "role a = 'b'",
        0,
        &[("'", "`'` has no meaning here", r#"write texts in double quotes: `"text"`"#)],
    );
    check(
        "role a = “b”",
        0,
        &[("“", "`“` has no meaning here", r#"write texts in double quotes: `"text"`"#)],
    );
    check(
        r#"role a = "b"#,
        0,
        &[(
            r#""b"#,
            "this text is never closed",
            r#"write `"` where the text ends; a text has no line ends, but it may have `\n`"#,
        )],
    );
    check(
        r#"role a = "C:\dir""#,
        0,
        &[(
            r#"\d"#,
            r#"`\d` means nothing in a text"#,
            r#"write `\\` for a backslash; the others are `\"`, `\n` and `\t`"#,
        )],
    );
    check(
        "waive x { reason = mail@example.com }",
        1,
        &[("@", "`@` has no meaning here", "write a mail address in double quotes")],
    );
}

#[test]
fn addresses() {
    check(
        "role a = 300.1.1.1",
        0,
        &[(
            "300.1.1.1",
            "`300.1.1.1` is not an IPv4 address: `300` is more than 255",
            "write four numbers from 0 to 255",
        )],
    );
    check(
        "role a = 010.1.1.1",
        0,
        &[(
            "010.1.1.1",
            "`010.1.1.1` has a leading zero, which some programs read as octal",
            "write `10.1.1.1`",
        )],
    );
    check(
        "role a = 10.0.0",
        0,
        &[(
            "10.0.0",
            "`10.0.0` is not an IPv4 address: it has 3 numbers, not four",
            "write four numbers from 0 to 255, with a dot between them",
        )],
    );
    check(
        "role a = 10.0.0.1.",
        0,
        &[(
            "10.0.0.1.",
            "`10.0.0.1.` is not an IPv4 address: it has a dot too many",
            "write four numbers from 0 to 255, with one dot between two of them",
        )],
    );
    check(
        "role a = 10.0.0/8",
        0,
        &[(
            "10.0.0/8",
            "`10.0.0/8` is not an IPv4 address: it has 3 numbers, not four",
            "write all four numbers: `10.0.0.0/8`",
        )],
    );
    check(
        "role a = 10.0.0.0/33",
        0,
        &[(
            "10.0.0.0/33",
            "`10.0.0.0/33` is not a network: the prefix is longer than /32",
            "write a prefix length from 0 to 32 for IPv4",
        )],
    );
    check(
        "role a = 10.0.0.0/08",
        0,
        &[("10.0.0.0/08", "the prefix length of `10.0.0.0/08` begins with a zero", "write `10.0.0.0/8`")],
    );
    check(
        "role a = 10.1.2.3/24",
        0,
        &[("10.1.2.3/24", "`10.1.2.3/24` has host bits set", "write `10.1.2.0/24` or `10.1.2.3`")],
    );
    check(
        "role a = 2001:db8::1/64",
        0,
        &[("2001:db8::1/64", "`2001:db8::1/64` has host bits set", "write `2001:db8::/64` or `2001:db8::1`")],
    );
    check(
        "role a = 2001:db8::/129",
        0,
        &[(
            "2001:db8::/129",
            "`2001:db8::/129` is not a network: the prefix is longer than /128",
            "write a prefix length from 0 to 128 for IPv6",
        )],
    );
    check(
        "role a = 2001:db8:::1",
        0,
        &[(
            "2001:db8:::1",
            "`2001:db8:::1` is not an IPv6 address",
            "write eight groups of up to four hexadecimal digits; one `::` stands for groups of zeros",
        )],
    );
    check(
        "role a = 10.0.0.0/255.255.255.0",
        0,
        &[(
            "10.0.0.0/255.255.255.0",
            "`10.0.0.0/255.255.255.0` is not a network: it has a mask in place of a prefix length",
            "write `10.0.0.0/24`",
        )],
    );
    check(
        "role a = 10.0.0.0 0.0.0.255",
        0,
        &[("0.0.0.255", "expected a prefix length, found the mask `0.0.0.255`", "write `10.0.0.0/24`")],
    );
    check(
        "role a = 10.0.0.9-10.0.0.1",
        0,
        &[(
            "10.0.0.9-10.0.0.1",
            "the range `10.0.0.9-10.0.0.1` ends before it begins",
            "write `10.0.0.1-10.0.0.9`",
        )],
    );
    check(
        "role a = 10.0.0.1-9",
        0,
        &[(
            "10.0.0.1-9",
            "`10.0.0.1-9` is not a range of addresses",
            "write both ends in full: `10.0.0.1-10.0.0.9`",
        )],
    );
    check(
        "role a = 10.0.0.1-2001:db8::1",
        0,
        &[(
            "10.0.0.1-2001:db8::1",
            "the range `10.0.0.1-2001:db8::1` mixes IPv4 and IPv6",
            "write one range for each family",
        )],
    );
    check(
        "role a = 10.0.0.1:443",
        0,
        &[(
            "10.0.0.1:443",
            "`10.0.0.1:443` is not an address: it has a port",
            "write `10.0.0.1`, and the port in the flow's service: `tcp/443`",
        )],
    );
    check(
        "role a = 1.example.com",
        0,
        &[(
            "1.example.com",
            "`1.example.com` is not an address, a date or a number",
            r#"write a host name or any other text in double quotes: `"1.example.com"`"#,
        )],
    );
    check(
        "role a = [300.1.1.1, 10.0.0.1, 10.0.0.0/33]",
        0,
        &[
            (
                "300.1.1.1",
                "`300.1.1.1` is not an IPv4 address: `300` is more than 255",
                "write four numbers from 0 to 255",
            ),
            (
                "10.0.0.0/33",
                "`10.0.0.0/33` is not a network: the prefix is longer than /32",
                "write a prefix length from 0 to 32 for IPv4",
            ),
        ],
    );
}

#[test]
fn services() {
    check(
        "a -> b tcp/0443",
        0,
        &[("0443", "the port `0443` has a leading zero, which some programs read as octal", "write `443`")],
    );
    check(
        "a -> b tcp/70000",
        0,
        &[("70000", "`70000` is not a port: the last is 65535", "write a port from 0 to 65535")],
    );
    check("a -> b tcp/90-80", 0, &[("90-80", "the range `90-80` ends before it begins", "write `80-90`")]);
    check(
        "a -> b tcp/{80, 99999, 7-6}",
        0,
        &[
            ("99999", "`99999` is not a port: the last is 65535", "write a port from 0 to 65535"),
            ("7-6", "the range `7-6` ends before it begins", "write `6-7`"),
        ],
    );
    check(
        "a -> b tcp/",
        0,
        &[(
            "/",
            "expected a port, found the end of the line",
            "write ports as `tcp/443`, `tcp/1000-2000` or `tcp/{80, 443}`",
        )],
    );
    check(
        "a -> b tcp/{}",
        0,
        &[(
            "{}",
            "a service without a port matches nothing",
            "write at least one port between the braces, or leave out `/{}` for every port",
        )],
    );
    check(
        "a -> b tcp/{80 443}",
        0,
        &[(
            "443",
            "expected `,` or `}`, found `443`",
            "write `,` between the elements of a list, and its closing bracket after the last",
        )],
    );
    check(
        "a -> b tcp/80,443",
        0,
        &[(
            ",",
            "expected the end of the line, found `,`",
            "write several ports between braces: `{80, 443}`",
        )],
    );
    check(
        "a -> b tcp/80:90",
        0,
        &[(
            "80:90",
            "`80:90` is not a port",
            "write a number, or a range as `1000-2000`; several go between braces: `{80, 443}`",
        )],
    );
    check(
        "a -> b tcp:443",
        0,
        &[(":", "expected `/` between protocol and port, found `:`", "write `tcp/443`")],
    );
    check(
        "a -> b tcp 443",
        0,
        &[("443", "expected `/` between protocol and port, found `443`", "write `tcp/443`")],
    );
    check(
        "a -> b 443/tcp",
        0,
        &[("443/tcp", "`443/tcp` is not a service", "the protocol comes first: `tcp/443`")],
    );
    check(
        "a -> b 1000-2000",
        0,
        &[(
            "1000-2000",
            "the range `1000-2000` has no protocol",
            "write the protocol before the ports: `tcp/1000-2000`",
        )],
    );
    check(
        "a -> b tcp/443 from",
        0,
        &[(
            "from",
            "expected a port, found the end of the line",
            "write ports as `tcp/443`, `tcp/1000-2000` or `tcp/{80, 443}`",
        )],
    );
    check(
        "a -> b icmp/300",
        0,
        &[(
            "300",
            "`300` is not an ICMP type",
            "write a type from 0 to 255, with its code if only that one is meant: `icmp/3.4`",
        )],
    );
    check(
        "a -> b icmp/echo",
        0,
        &[(
            "echo",
            "`echo` is not an ICMP type",
            "write a type from 0 to 255, with its code if only that one is meant: `icmp/3.4`",
        )],
    );
    check(
        "a -> b icmp from 3",
        0,
        &[("icmp from 3", "`icmp` has no source ports", "remove `from` and what follows it")],
    );
    check("a -> b gre/4", 0, &[("gre/4", "`gre` has no ports", "write `gre` alone")]);
    check(
        "a -> b ip/300",
        0,
        &[(
            "300",
            "`300` is not a protocol number",
            "write a number from 0 to 255, or the protocol's name without `ip/`",
        )],
    );
    check(
        "a -> b ip/{47, 50}",
        0,
        &[("{47, 50}", "a service has one protocol", "list them one by one: `[ip/47, ip/50]`")],
    );
    check("a -> b tcp/443 x = 1", 0, &[("x", "the entry `x` stands outside of braces", "write `{ x = … }`")]);
}

#[test]
fn dates_and_numbers() {
    check(
        "waive x { until = 2027-13-01 }",
        1,
        &[(
            "2027-13-01",
            "`2027-13-01` is not a date: there is no month 13",
            "write a date as year-month-day, with a month from 01 to 12",
        )],
    );
    check(
        "waive x { until = 2027-02-29 }",
        1,
        &[("2027-02-29", "`2027-02-29` is not a date: that month has 28 days", "write a day from 01 to 28")],
    );
    check(
        "waive x { until = 2027-3-1 }",
        1,
        &[("2027-3-1", "`2027-3-1` is not a date as written here", "write it as `2027-03-01`")],
    );
    check(
        "waive x { until = 31.03.2027 }",
        1,
        &[(
            "31.03.2027",
            "`31.03.2027` is not a date as written here",
            "write a date as year-month-day: `2027-MM-DD`",
        )],
    );
    check(
        "waive x { until = 3/31/2027 }",
        1,
        &[(
            "3/31/2027",
            "`3/31/2027` is not a date as written here",
            "write a date as year-month-day: `2027-MM-DD`",
        )],
    );
    check(
        "parameter x: port = 99999999999999999999",
        0,
        &[(
            "99999999999999999999",
            "`99999999999999999999` is too large a number",
            "the largest is 18446744073709551615; write anything longer as a text in double quotes",
        )],
    );
}
