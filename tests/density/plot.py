# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plot of lines in SVG, of a few points each."""

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 420, 60, 48, 20, 48
COLORS = ('#1f6fb2', '#c0561a', '#3a8a3a')


def steps(highest):
    """Round numbers, at most eight of them, up to the first that is not below the highest."""
    size = 1
    while highest / size > 8:
        size = size * 2 if str(size)[0] in '15' else size * 5 // 2
    return [i * size for i in range(int(-(-highest // size)) + 1)]


def draw(title, across, up, lines, notes=()):
    """lines: name → points (x, y). SVG as text."""
    xs, ys = (steps(max(p[i] for points in lines.values() for p in points)) for i in (0, 1))
    height = HEIGHT + 16 * len(notes)

    def x(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * value / xs[-1]

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / ys[-1]

    def text(where_x, where_y, words, anchor='middle', more=''):
        words = words.replace('&', '&amp;').replace('<', '&lt;')
        return '<text x="%.0f" y="%.0f" text-anchor="%s"%s>%s</text>' % (where_x, where_y, anchor, more, words)

    out = ['<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->',
           '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">' % (WIDTH, height),
           '<rect width="100%" height="100%" fill="white"/>', text(WIDTH / 2, 20, title, more=' font-size="15"')]
    for value in ys:
        out.append('<path d="M%.0f %.1fH%.0f" stroke="#ddd"/>' % (LEFT, y(value), WIDTH - RIGHT))
        out.append(text(LEFT - 8, y(value) + 4, '%g' % value, 'end'))
    for value in xs:
        out.append(text(x(value), HEIGHT - BOTTOM + 18, '%g' % value))
    out.append(text(WIDTH / 2, HEIGHT - 10, across))
    out.append(text(16, (TOP + HEIGHT - BOTTOM) / 2, up, more=' transform="rotate(-90 16 %.0f)"' % ((TOP + HEIGHT - BOTTOM) / 2)))
    for i, (name, points) in enumerate(lines.items()):
        out.append('<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>' %
                   (COLORS[i], ' '.join('%.1f,%.1f' % (x(a), y(b)) for a, b in points)))
        out.append('<path d="M%d 36h20" stroke="%s" stroke-width="2"/>' % (LEFT + 180 * i, COLORS[i]))
        out.append(text(LEFT + 180 * i + 26, 40, name, 'start'))
    for i, note in enumerate(notes):
        out.append(text(LEFT, HEIGHT + 16 * i, note, 'start'))
    return '\n'.join(out + ['</svg>', ''])
