use std::net::IpAddr;

use crate::{AddressSet, Conditions, IntervalSet, NameSet, Region, Set, Side, Symbol, SymbolKind, protocol};

/// One packet, as the number of its cell on each axis, and what holds of it, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub cells: [usize; AXES],
    pub valuation: u8,
}

/// Source, destination, protocol, source port, destination port, interface in, interface out.
pub const AXES: usize = 7;
pub const CELLS: [usize; AXES] = [6, 6, 4, 3, 3, 3, 3];
pub const SOURCE: usize = 0;
pub const DESTINATION: usize = 1;
pub const SOURCE_PORT: usize = 3;
pub const DESTINATION_PORT: usize = 4;
pub const IN_INTERFACE: usize = 5;
pub const OUT_INTERFACE: usize = 6;

/// Which value of a cell stands for it: its least or its greatest.
#[derive(Clone, Copy, Debug)]
pub enum Edge {
    Low,
    High,
}

const FIRST_PROTOCOLS: [u8; 3] = [protocol::TCP, protocol::UDP, protocol::ICMP];

fn address_range(cell: usize) -> (IpAddr, IpAddr) {
    let (low, high) = [
        ("0.0.0.0", "0.0.0.0"),
        ("0.0.0.1", "10.255.255.255"),
        ("11.0.0.0", "255.255.255.254"),
        ("255.255.255.255", "255.255.255.255"),
        ("::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db9::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ][cell];
    (low.parse().unwrap(), high.parse().unwrap())
}

pub fn addresses(cell: usize) -> AddressSet {
    let (low, high) = address_range(cell);
    AddressSet::range(low, high)
}

/// The last cell is ESP and whatever else there is.
pub fn protocols(cell: usize) -> IntervalSet<u8> {
    match FIRST_PROTOCOLS.get(cell) {
        Some(number) => IntervalSet::one(*number),
        None => IntervalSet::from_ranges(FIRST_PROTOCOLS.map(|number| (number, number))).complement(),
    }
}

pub fn ports(cell: usize) -> IntervalSet<u16> {
    [IntervalSet::one(0), IntervalSet::range(1, 65534), IntervalSet::one(65535)][cell].clone()
}

pub fn interfaces(cell: usize) -> NameSet {
    let ethernet = NameSet::starting_with("eth");
    [NameSet::one("eth0"), ethernet.subtract(&NameSet::one("eth0")), ethernet.complement()][cell].clone()
}

/// Three symbols that have nothing to do with each other, then the names.
pub const SYMBOLS: usize = 8;
pub const FIRST_NAME: usize = 3;
const NAMES: [&str; 5] = ["*.b", "a.b", "*.a.b", "x.a.b", "c.b"];

/// The numbers of the wildcards that are above a symbol: the facts, spelled out.
pub const ABOVE: [&[usize]; SYMBOLS] = [&[], &[], &[], &[], &[3], &[3], &[3, 5], &[3]];

pub fn symbol(number: usize) -> Symbol {
    match number {
        0 => Symbol::new(Side::Source, SymbolKind::AddressGroup, "feed"),
        1 => Symbol::new(Side::Destination, SymbolKind::ServiceTag, "tag"),
        2 => Symbol::new(Side::Packet, SymbolKind::Match, "state"),
        _ => Symbol::new(Side::Destination, SymbolKind::Name, NAMES[number - FIRST_NAME]),
    }
}

pub fn number_of(symbol: &Symbol) -> Option<usize> {
    (0..SYMBOLS).find(|number| self::symbol(*number) == *symbol)
}

pub fn is_set(valuation: u8, number: usize) -> bool {
    valuation >> number & 1 == 1
}

/// All that can hold together.
pub fn valuations() -> Vec<u8> {
    let possible = |valuation: &u8| {
        (0..SYMBOLS).all(|number| {
            !is_set(*valuation, number) || ABOVE[number].iter().all(|above| is_set(*valuation, *above))
        })
    };
    (0..=u8::MAX).filter(possible).collect()
}

/// A region of the universe: a set of cells on each axis, as bits, and literals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub masks: [u8; AXES],
    pub literals: Vec<(usize, bool)>,
}

impl Block {
    pub fn any() -> Self {
        Block { masks: CELLS.map(|cells| (1 << cells) - 1), literals: Vec::new() }
    }

    /// Whether the cells match; literals aside.
    pub fn covers_cells(&self, point: &Point) -> bool {
        self.masks.iter().zip(point.cells).all(|(mask, cell)| mask >> cell & 1 == 1)
    }

    pub fn contains(&self, point: &Point) -> bool {
        self.covers_cells(point)
            && self.literals.iter().all(|(number, value)| is_set(point.valuation, *number) == *value)
    }

    pub fn conditions(&self) -> Option<Conditions> {
        self.literals.iter().try_fold(Conditions::none(), |all, (number, value)| {
            let symbol = symbol(*number);
            all.and(&if *value { Conditions::holds(symbol) } else { Conditions::lacks(symbol) })
        })
    }

    /// The same for the engine. `None` where the literals contradict each other.
    pub fn region(&self) -> Option<Region> {
        fn union<S: Set>(mask: u8, cell: impl Fn(usize) -> S) -> S {
            (0..8).filter(|at| mask >> at & 1 == 1).fold(S::empty(), |all, at| all.union(&cell(at)))
        }
        let [source, destination, protocol, source_port, destination_port, in_interface, out_interface] =
            self.masks;
        Some(Region {
            source: union(source, addresses),
            destination: union(destination, addresses),
            protocol: union(protocol, protocols),
            source_port: union(source_port, ports),
            destination_port: union(destination_port, ports),
            in_interface: union(in_interface, interfaces),
            out_interface: union(out_interface, interfaces),
            conditions: self.conditions()?,
        })
    }
}

/// Whether the engine's region has the packet. Only membership of single values is used.
pub fn has(region: &Region, point: &Point, edge: Edge) -> bool {
    let [source, destination, protocol, source_port, destination_port, in_interface, out_interface] =
        point.cells;
    let pick = |(low, high): (IpAddr, IpAddr)| match edge {
        Edge::Low => low,
        Edge::High => high,
    };
    let port = |cell: usize| match edge {
        Edge::Low => [0, 1, 65535][cell],
        Edge::High => [0, 65534, 65535][cell],
    };
    let number = match (FIRST_PROTOCOLS.get(protocol), edge) {
        (Some(number), _) => *number,
        (None, Edge::Low) => protocol::ESP,
        (None, Edge::High) => 255,
    };
    let interface = |cell: usize| match edge {
        Edge::Low => ["eth0", "eth", ""][cell],
        Edge::High => ["eth0", "eth1", "lo"][cell],
    };
    region.source.contains(pick(address_range(source)))
        && region.destination.contains(pick(address_range(destination)))
        && region.protocol.contains(number)
        && region.source_port.contains(port(source_port))
        && region.destination_port.contains(port(destination_port))
        && region.in_interface.contains(interface(in_interface))
        && region.out_interface.contains(interface(out_interface))
        && allows(&region.conditions, point.valuation)
}

pub fn allows(conditions: &Conditions, valuation: u8) -> bool {
    conditions.iter().all(|(symbol, value)| {
        let number = number_of(symbol).expect("the tests make no other symbols");
        is_set(valuation, number) == *value
    })
}

/// Whether some region of the engine's has the packet.
pub fn some_has<'a>(regions: impl IntoIterator<Item = &'a Region>, point: &Point, edge: Edge) -> bool {
    regions.into_iter().any(|region| has(region, point, edge))
}

/// The packets among the points that `blocks` can tell apart: those of one family.
pub fn points<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Vec<Point> {
    let six = |axis| {
        let mut block = Block::any();
        block.masks[axis] = 0b11_0000;
        block
    };
    let families = [six(SOURCE), six(DESTINATION)];
    let is_six = |cell: usize| cell >= 4;
    let own: Vec<Block> = blocks.into_iter().cloned().chain(families).collect();
    let mut all = every_point(&own);
    all.retain(|point| is_six(point.cells[SOURCE]) == is_six(point.cells[DESTINATION]));
    all
}

/// One point of each kind that `blocks` can tell apart: all there is to know about them as sets.
pub fn every_point<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Vec<Point> {
    let blocks: Vec<&Block> = blocks.into_iter().collect();
    let axes: Vec<Vec<usize>> = (0..AXES)
        .map(|axis| {
            let signature =
                |cell: usize| blocks.iter().map(|block| block.masks[axis] >> cell & 1).collect::<Vec<_>>();
            let first = |cell: &usize| (0..*cell).all(|other| signature(other) != signature(*cell));
            (0..CELLS[axis]).filter(first).collect()
        })
        .collect();
    let used: Vec<bool> = (0..SYMBOLS)
        .map(|number| blocks.iter().any(|block| block.literals.iter().any(|(other, _)| *other == number)))
        .collect();
    // Names are taken whole or not at all, so that flipping one at a time leads everywhere.
    let names = used[FIRST_NAME..].contains(&true);
    let all = valuations();
    let told = all.iter().filter(|valuation| {
        (0..SYMBOLS).all(|number| {
            !is_set(**valuation, number) || if number < FIRST_NAME { used[number] } else { names }
        })
    });
    let mut points: Vec<Point> =
        told.map(|valuation| Point { cells: [0; AXES], valuation: *valuation }).collect();
    for (axis, cells) in axes.iter().enumerate() {
        let spread = |point: Point| {
            cells.iter().map(move |cell| {
                let mut cells = point.cells;
                cells[axis] = *cell;
                Point { cells, ..point }
            })
        };
        points = points.into_iter().flat_map(spread).collect();
    }
    points
}
