fn main() {
    let key = [7u8; 24];
    let m = mynah_benches::mynah_c::Mynah::new(&[("capacity", "100000")]);
    m.set(&key, &[1; 256]);
    let mut place = [0u8; 256];
    for _ in 0..40_000_000u64 {
        std::hint::black_box(m.get_into(&key, &mut place));
    }
}
