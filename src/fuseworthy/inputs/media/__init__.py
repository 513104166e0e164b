"""Files of images, sound, film and series to arrays. What is opened stays under a root, and is bounded before it is decoded."""
