//! Philox 4x32-10: a bijection of a 128-bit counter under a 64-bit key.
//!
//! J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw (2011): Parallel random numbers: as easy
//! as 1, 2, 3. Proceedings of SC'11.

const MULTIPLIER: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

const LOW: u64 = 0xffff_ffff;

/// One block: four words that are uniform and independent of those of any other counter or key.
///
/// Straight-line integer arithmetic, so that a loop over counters is vectorised by the compiler.
/// Words sit in 64-bit lanes, as SIMD multiplication wants them; the upper halves are ignored.
#[inline(always)]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter.map(u64::from);
    let [mut k0, mut k1] = key;
    for _ in 0..ROUNDS {
        let p0 = MULTIPLIER[0] * (c0 & LOW);
        let p1 = MULTIPLIER[1] * (c2 & LOW);
        c0 = (p1 >> 32) ^ c1 ^ u64::from(k0);
        c2 = (p0 >> 32) ^ c3 ^ u64::from(k1);
        (c1, c3) = (p1, p0);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
    }
    [c0 as u32, c1 as u32, c2 as u32, c3 as u32]
}

/// The blocks of the counters `[first, second[i], third[i], fourth]`, word by word.
///
/// Equals a loop over [`philox4x32`]; all slices have one length. Run it inside a SIMD dispatch:
/// it is inlined there and uses the full vector width.
///
/// # Panics
/// If the slices differ in length.
#[inline(always)]
pub fn philox4x32_many(
    first: u32,
    second: &[u32],
    third: &[u32],
    fourth: u32,
    key: [u32; 2],
    words: [&mut [u32]; 4],
) {
    let n = second.len();
    let [w0, w1, w2, w3] = words;
    let (third, w0, w1, w2, w3) = (
        &third[..n],
        &mut w0[..n],
        &mut w1[..n],
        &mut w2[..n],
        &mut w3[..n],
    );
    for i in 0..n {
        let block = philox4x32([first, second[i], third[i], fourth], key);
        w0[i] = block[0];
        w1[i] = block[1];
        w2[i] = block[2];
        w3[i] = block[3];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_known_answers() {
        let cases = [
            (
                [0; 4],
                [0; 2],
                [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8],
            ),
            (
                [u32::MAX; 4],
                [u32::MAX; 2],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, words) in cases {
            assert_eq!(philox4x32(counter, key), words);
        }
    }

    #[test]
    fn many_equals_one_by_one_at_every_length_and_width() {
        for n in [0, 1, 3, 8, 17, 64, 101] {
            let second: Vec<u32> = (0..n).map(|i| i * 7 + 1).collect();
            let third: Vec<u32> = (0..n).map(|i| i % 3).collect();
            for width in crate::math::Width::available() {
                let mut out: [Vec<u32>; 4] = std::array::from_fn(|_| vec![0; n as usize]);
                let [a, b, c, d] = &mut out;
                width.run(
                    #[inline(always)]
                    || philox4x32_many(5, &second, &third, 9, [3, 4], [a, b, c, d]),
                );
                for i in 0..n as usize {
                    let block = philox4x32([5, second[i], third[i], 9], [3, 4]);
                    assert_eq!([out[0][i], out[1][i], out[2][i], out[3][i]], block);
                }
            }
        }
    }
}
