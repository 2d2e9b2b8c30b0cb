"""How pictures look: fonts, sizes and colours, of charts wherever they are drawn."""

FONT = "DejaVu Sans"  # it comes with matplotlib
SMALLER, SMALL, LARGE = 9, 12, 15  # points
# Colours that colour-blind people tell apart (Okabe and Ito); where it counts, never without another difference.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
INK, FAINT = "#1D1C1D", "#DDDDDD"
