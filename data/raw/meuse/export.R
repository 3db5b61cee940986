# Writes the numbers of the Meuse data set of the R package sp, as published, to three
# CSV files in the working directory. Run as:  Rscript export.R
suppressPackageStartupMessages(library(sp))
data(meuse)
data(meuse.grid)
data(meuse.riv)

published <- cbind(sample = rownames(meuse), meuse)
write.csv(published, "published.csv", row.names = FALSE, quote = FALSE, na = "")
write.csv(meuse.grid, "grid.csv", row.names = FALSE, quote = FALSE, na = "")
river <- data.frame(x = meuse.riv[, 1], y = meuse.riv[, 2])
write.csv(river, "river.csv", row.names = FALSE, quote = FALSE)
