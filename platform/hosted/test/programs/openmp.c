/* SPDX-License-Identifier: GPL-2.0-only */
/* OpenMP: three threads add. With the argument "racy" they do that without an order. */
#include <assert.h>
#include <string.h>

static int ordered(void)
{
	int threads = 0, sum = 0;

#pragma omp parallel num_threads(3)
	{
#pragma omp critical
		threads++;
#pragma omp barrier
#pragma omp for reduction(+ : sum)
		for (int i = 0; i < 10; i++)
			sum += i;
	}
	return threads == 3 && sum == 45;
}

static int racy(void)
{
	volatile int count = 0;

#pragma omp parallel num_threads(3)
	count++;
	return count == 3;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "racy"))
		assert(racy());
	else
		assert(ordered());
	return 0;
}
