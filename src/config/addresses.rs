//! Which addresses belong to the internet at large.
//!
//! Rule: what is not known to be everybody's is not. A name may lead anywhere, also to this machine,
//! to its neighbours, and to where a cloud hands out its keys (169.254.169.254).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 networks that are not (IANA's special-purpose registry, multicast, what is reserved).
const NOT_GLOBAL_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Of the IPv6 networks that are given out (2000::/3) those that are not.
const NOT_GLOBAL_V6: [([u16; 2], u32); 4] = [
    // Protocols, among them tunnels that have an IPv4 address in them.
    ([0x2001, 0], 23),
    ([0x2001, 0xdb8], 32),
    ([0x2002, 0], 16),
    ([0x3fff, 0], 20),
];

/// Whether that address belongs to the internet at large.
#[must_use]
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let within = |(network, bits): &([u8; 4], u32)| {
        let shift = 32 - bits;
        address.to_bits() >> shift == u32::from_be_bytes(*network) >> shift
    };
    !NOT_GLOBAL_V4.iter().any(within)
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    let [first, second, third, fourth, fifth, sixth, seventh, eighth] = address.segments();
    // A network that speaks IPv6 alone reaches IPv4 so (RFC 6052): it is that address.
    if [first, second, third, fourth, fifth, sixth] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_global_v4(Ipv4Addr::from_bits(u32::from(seventh) << 16 | u32::from(eighth)));
    }
    let head = u32::from(first) << 16 | u32::from(second);
    let within = |([one, two], bits): &([u16; 2], u32)| {
        head >> (32 - bits) == (u32::from(*one) << 16 | u32::from(*two)) >> (32 - bits)
    };
    first >> 13 == 1 && !NOT_GLOBAL_V6.iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_addresses() {
        let others = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 \
            127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 \
            192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 \
            239.255.255.255 240.0.0.1 255.255.255.255 \
            :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254 64:ff9b::7f00:1 \
            64:ff9b::a9fe:a9fe 64:ff9b:1::808:808 100::1 2001::1 2001:0:7f00:1:: 2001:db8::1 \
            2001:10::1 2002:7f00:1::1 2002:808:808::1 3fff::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 \
            ff02::1 5f00::1 4000::1";
        let ours = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 128.0.0.1 \
            169.253.255.255 172.15.255.255 172.32.0.1 192.0.1.1 192.167.1.1 198.17.1.1 198.20.0.1 \
            223.255.255.255 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450::1 \
            64:ff9b::808:808";
        for other in others.split_whitespace() {
            assert!(!is_global(other.parse().unwrap()), "{other}");
        }
        for own in ours.split_whitespace() {
            assert!(is_global(own.parse().unwrap()), "{own}");
        }
    }
}
